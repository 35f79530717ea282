"""Settings: what differs between deployments, read once from environment variables such as FLYWHEEL_HOME."""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from features.errors import InvalidStore
from features.online.backends import LMDB, open_store, resolve_location
from serving.auth.key_store import InvalidKeyStore, KeyStore, active_keys
from serving.moments import parse_datetime

ENVIRONMENT_PREFIX = "FLYWHEEL_"
_LOCALHOST = {"localhost": "127.0.0.1"}


class Settings(BaseSettings):
    """Settings of the service."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True
    )

    home: Path = Field(default=Path(".flywheel"), description="The folder with history, features, releases and scores.")
    host: str = Field(default="127.0.0.1", description="The address to listen on; any but loopback needs API keys.")
    port: int = Field(default=3000, ge=1, le=65535, description="The port to listen on.")
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(), description="API keys with every scope, separated by commas; keys of `flywheel keys` count too."
    )
    online_store: SecretStr = Field(
        default=SecretStr(LMDB),
        description="The store of features and consents: `lmdb` in the home, or the address of a Redis that several "
        "machines share. `?socket_connect_timeout=0.25&socket_timeout=0.5` in it limits how long a reader waits.",
    )
    as_of: Annotated[datetime, BeforeValidator(parse_datetime)] | None = Field(
        default=None, description="Pins the service's clock, for a log that ended in the past."
    )
    workers: int = Field(default=1, ge=1, description="Worker processes of the service.")
    poll_seconds: float = Field(default=1.0, gt=0, description="How often a worker looks for a new champion.")
    max_waiting: int = Field(
        default=500,
        ge=1,
        description="Requests for one customer that may wait in a worker; others get 429. Of a larger request, each 20 "
        "customers count as one more.",
    )
    deadline_seconds: float = Field(default=1.5, gt=0, description="Time limit of a prediction; later ones get 503.")
    access_log: bool = Field(default=False, description="Whether every request gets a JSON line in the log.")
    drain_seconds: float = Field(default=1.0, ge=0, description="From the stop signal to the last accepted request.")

    @field_validator("host")
    @classmethod
    def _validate_host(cls, host: str) -> str:
        address = _LOCALHOST.get(host, host)
        try:
            return str(ip_address(address))
        except ValueError:
            raise ValueError(
                f"Found {host!r}; expected an IP address to listen on. Take 127.0.0.1 for this machine alone, "
                "0.0.0.0 for every network it is on."
            ) from None

    @field_validator("online_store", mode="before")
    @classmethod
    def _validate_online_store(cls, value: object) -> object:
        if isinstance(value, str):
            try:
                open_store(resolve_location(value := value or LMDB, Path()))
            except InvalidStore as error:
                raise ValueError(str(error)) from None
        return value

    @field_validator("api_keys", mode="before")
    @classmethod
    def _split_keys(cls, keys: object) -> object:
        if isinstance(keys, str):
            return tuple(key.strip() for key in keys.split(",") if key.strip())
        return keys

    @model_validator(mode="after")
    def _require_keys_off_loopback(self) -> Settings:
        try:
            stored = active_keys(KeyStore.for_home(self.home).read())
        except InvalidKeyStore as error:
            raise ValueError(str(error)) from None
        if not self.api_keys and not stored and not ip_address(self.host).is_loopback:
            raise ValueError(
                f"Found the address {self.host}, which other machines can reach, and no API keys; expected a loopback "
                "address or keys. Listen on 127.0.0.1, or create a key: flywheel keys create."
            )
        return self

    def environment(self) -> dict[str, str]:
        """These settings as environment variables, for worker processes."""
        variables = {
            "HOME": str(self.home.resolve()),
            "HOST": self.host,
            "PORT": str(self.port),
            "API_KEYS": ",".join(key.get_secret_value() for key in self.api_keys),
            "ONLINE_STORE": self.online_store.get_secret_value(),
            "WORKERS": str(self.workers),
            "POLL_SECONDS": str(self.poll_seconds),
            "DRAIN_SECONDS": str(self.drain_seconds),
            "ACCESS_LOG": str(self.access_log),
            "MAX_WAITING": str(self.max_waiting),
            "DEADLINE_SECONDS": str(self.deadline_seconds),
        }
        if self.as_of is not None:
            variables["AS_OF"] = self.as_of.isoformat()
        return {f"{ENVIRONMENT_PREFIX}{name}": value for name, value in variables.items()}

    @property
    def url(self) -> str:
        """The address of the service for a caller on this machine."""
        address = ip_address(self.host)
        reachable = str(address) if not address.is_unspecified else {4: "127.0.0.1", 6: "::1"}[address.version]
        return f"http://[{reachable}]:{self.port}" if address.version == 6 else f"http://{reachable}:{self.port}"
