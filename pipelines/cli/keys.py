"""API key commands: ``flywheel keys`` creates, lists and revokes the keys of the service."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.command_context import current_time, exit_on_error, resolve_home
from pipelines.cli.console import CommandConsole
from pipelines.cli.options import HomeDir, Json
from pipelines.cli.tables import titled_table
from serving.auth.scopes import KeyScope

if TYPE_CHECKING:
    from serving.auth.key_store import Keys, StoredKey

app = typer.Typer(help="The API keys of the service: create, list, revoke.", no_args_is_help=True)


@app.command()
def create(  # noqa: PLR0913 -- each is an option of the command
    context: typer.Context,
    *,
    client: Annotated[str, typer.Option(help="The client that uses the key; the audit log records this name.")],
    scope: Annotated[
        list[KeyScope], typer.Option(help="What the key may do; may be repeated. admin includes all others.")
    ],
    rate: Annotated[
        int | None, typer.Option(min=0, help="Requests a minute; 0 is no limit. Default: FLYWHEEL_RATE_LIMIT.")
    ] = None,
    quota: Annotated[
        int | None,
        typer.Option(min=0, help="Customers a day to ask predictions for; 0 is no limit. Default: FLYWHEEL_QUOTA."),
    ] = None,
    home: HomeDir = None,
    json: Json = False,
) -> None:
    """Create a key for a client and show it once; a client has at most two active keys, for rotation."""
    from serving.auth.audited_keys import AuditedKeys

    console = KeyConsole(json_output=json)
    with exit_on_error(console):
        keys = AuditedKeys.for_home(resolve_home(home).folder)
        console.show_created_key(*keys.create(client, scope, current_time(context), rate=rate, quota=quota))


@app.command("list")
def list_keys(*, home: HomeDir = None, json: Json = False) -> None:
    """List all keys with client, scopes and dates; the secret part is never shown."""
    from serving.auth.key_store import KeyStore

    console = KeyConsole(json_output=json)
    with exit_on_error(console):
        console.show_keys(KeyStore.for_home(resolve_home(home).folder).read())


@app.command()
def revoke(
    context: typer.Context,
    *,
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as `flywheel keys list` shows it.")],
    home: HomeDir = None,
    json: Json = False,
) -> None:
    """Revoke a key; a running service rejects it after a few seconds."""
    from serving.auth.audited_keys import AuditedKeys

    console = KeyConsole(json_output=json)
    with exit_on_error(console):
        keys = AuditedKeys.for_home(resolve_home(home).folder)
        console.show_revoked_key(keys.revoke(key_id, current_time(context)))


class KeyConsole(CommandConsole):
    """Prints API keys."""

    def show_created_key(self, api_key: str, key: StoredKey) -> None:
        """Print the new key, the only time that it is shown."""
        if self._json_output:
            self._print_json({**_key_payload(key), "key": api_key})
            return
        self._out.print(f"Key {key.id} for {key.client} ({', '.join(key.scopes)}). It is shown only once:")
        self._out.print(api_key, soft_wrap=True)

    def show_keys(self, keys: Keys | None) -> None:
        """Print one row per key."""
        if self._json_output:
            self._print_json({"keys": [_key_payload(key) for key in keys or ()]})
            return
        if not keys:
            self._out.print("This home has no keys. Create one: flywheel keys create.")
            return
        shown = titled_table("API keys", "id", "client", "scopes", "a minute", "customers a day", "created", "revoked")
        for key in keys:
            limits = _format_limit(key.rate), _format_limit(key.quota)
            days = _format_day(key.created_at), _format_day(key.revoked_at)
            shown.add_row(key.id, key.client, ", ".join(key.scopes), *limits, *days)
        self._out.print(shown)

    def show_revoked_key(self, key: StoredKey) -> None:
        """Print the revoked key's id and client."""
        if self._json_output:
            self._print_json(_key_payload(key))
            return
        self._out.print(f"Key {key.id} of {key.client} is revoked; running services reject it within seconds.")


def _key_payload(key: StoredKey) -> dict[str, object]:
    return key.model_dump(mode="json", exclude={"sha256"})


def _format_limit(limit: int | None) -> str:
    """A limit of a key; blank where it has the service's."""
    if limit is None:
        return ""
    return f"{limit:,}" if limit else "no limit"


def _format_day(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d}"
