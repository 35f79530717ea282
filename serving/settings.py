"""Settings: what differs between deployments, read once from environment variables such as FLYWHEEL_HOME."""

from __future__ import annotations

import json
import re
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from features.errors import InvalidStore
from features.online.backends import LMDB, open_store, resolve_location
from features.storage.disk_reserve import RESERVE_BYTES
from features.wording import count_of
from serving.audience_policy import AudiencePolicy
from serving.auth.key_store import InvalidKeyStore, KeysRemoved, KeyStore, active_keys
from serving.moments import parse_datetime

ENVIRONMENT_PREFIX = AudiencePolicy.model_config["env_prefix"]
MIN_KEY_LENGTH = 16  # characters of an API key in the environment, where other machines can reach the service
# A name or an IPv4 address, or an IPv6 address in brackets, as Host has them.
_HOST_NAME = re.compile(r"[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]", re.ASCII)
_ORIGIN = re.compile(r"https?://(?:\*\.)?[A-Za-z0-9.-]+(?::\d+)?", re.ASCII)
_LOCALHOST = {"localhost": "127.0.0.1"}


class Settings(AudiencePolicy):
    """Settings of the service."""

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
    max_connections: int = Field(
        default=1000,
        ge=1,
        description="Open connections of a worker. The one that has waited longest without a "
        "request gives way to a new one; while all are being answered, a new one gets 503.",
    )
    max_connections_per_address: int = Field(
        default=256,
        ge=1,
        description="The same for the connections of one address. Behind a proxy all callers have the proxy's address.",
    )
    header_seconds: float = Field(
        default=10.0, gt=0, description="Time limit for the request line and the headers; later ones get 408."
    )
    idle_seconds: float = Field(
        default=5.0,
        gt=0,
        description="How long a connection may stay open without a request, from its start. Behind "
        "a proxy, longer than the proxy keeps its idle connections.",
    )
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Names in `Host` and `Origin` that are answered besides `localhost`, `127.0.0.1` and "
        "`[::1]`, separated by commas. Where API keys exist and this is empty, every `Host` is answered.",
    )
    rate_limit: int = Field(
        default=60_000, ge=0, description="Requests a minute of a key that has no `--rate` of its own; 0 is no limit."
    )
    quota: int = Field(
        default=10_000_000,
        ge=0,
        description="Daily quota of a key that has no `--quota` of its own: customers whose predictions it may "
        "request; 0 is no limit.",
    )
    session_hours: float = Field(
        default=8.0, gt=0, description="How long a person who signed in with a key may use the page and read /docs."
    )
    page: bool = Field(default=True, description="Whether people in a browser get the page at /app/.")
    frame_ancestors: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="Origins that may show the page in a frame, such as the sidebar of a chat, separated by commas: "
        "https://work.weixin.qq.com. Default: none.",
    )
    access_log: bool = Field(default=False, description="Whether every request gets a JSON line in the log.")
    reserve_bytes: int = Field(
        default=RESERVE_BYTES,
        ge=0,
        description="Disk space that the service sets aside in the home, for revocations and erasures on a full disk.",
    )
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

    @field_validator("api_keys", "allowed_hosts", "frame_ancestors", mode="before")
    @classmethod
    def _split_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def _validate_allowed_hosts(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not _HOST_NAME.fullmatch(name):
                raise ValueError(
                    f"Found {name!r}; expected the name of a host without scheme, port and path, such as "
                    "flywheel.example. Separate several by commas."
                )
        return tuple(name.lower() for name in names)

    @field_validator("frame_ancestors")
    @classmethod
    def _validate_frame_ancestors(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"Found {origin!r}; expected an origin without a path, such as https://work.weixin.qq.com. "
                    "Separate several by commas."
                )
        return origins

    @model_validator(mode="after")
    def _require_keys_off_loopback(self) -> Settings:
        try:
            stored = active_keys(KeyStore.for_home(self.home).read())
        except InvalidKeyStore as error:
            if not (isinstance(error, KeysRemoved) and self.api_keys):
                raise ValueError(str(error)) from None
            stored = ()
        if not self.api_keys and not stored and not ip_address(self.host).is_loopback:
            raise ValueError(
                f"Found the address {self.host}, which other machines can reach, and no API keys; expected a loopback "
                "address or keys. Listen on 127.0.0.1, or create a key: flywheel keys create."
            )
        return self

    @model_validator(mode="after")
    def _require_long_keys_off_loopback(self) -> Settings:
        shortest = min((len(key.get_secret_value()) for key in self.api_keys), default=MIN_KEY_LENGTH)
        if shortest < MIN_KEY_LENGTH and not ip_address(self.host).is_loopback:
            raise ValueError(
                f"Found an API key of {count_of(shortest, 'character')} and the address {self.host}, which other "
                f"machines can reach; expected at least {MIN_KEY_LENGTH} characters that nobody guesses. Take a random "
                "key, or create one: flywheel keys create."
            )
        return self

    @classmethod
    def from_json(cls, text: bytes) -> Settings:
        """The settings that ``to_json`` wrote."""
        return cls(**json.loads(text))

    def to_json(self) -> bytes:
        """These settings with their secrets in clear, for the private channel to a worker process and for no file."""
        values = {name: _plain(value) for name, value in self}
        return json.dumps({name: value for name, value in values.items() if value is not None}).encode()

    @property
    def url(self) -> str:
        """The address of the service for a caller on this machine."""
        address = ip_address(self.host)
        reachable = str(address) if not address.is_unspecified else {4: "127.0.0.1", 6: "::1"}[address.version]
        return f"http://[{reachable}]:{self.port}" if address.version == 6 else f"http://{reachable}:{self.port}"


def _plain(value: object) -> object:
    """A value of a setting as JSON has it."""
    match value:
        case SecretStr():
            return value.get_secret_value()
        case tuple():
            return [_plain(part) for part in value]
        case Path():
            return str(value.resolve())
        case datetime():
            return value.isoformat()
        case _:
            return value
