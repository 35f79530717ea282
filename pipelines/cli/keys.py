"""Who may ask the service what? ``flywheel keys``: create, list and revoke API keys."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.command_context import exit_on_error, resolve_home
from pipelines.cli.console import CommandConsole, titled_table
from pipelines.cli.options import HomeDir, Json
from serving.auth.scopes import KeyScope

if TYPE_CHECKING:
    from serving.auth.key_store import Keys, StoredKey

app = typer.Typer(help="The API keys of the service: create, list, revoke.", no_args_is_help=True)


@app.command()
def create(
    context: typer.Context,
    *,
    client: Annotated[str, typer.Option(help="Whose key it is; the audit names them so.")],
    scope: Annotated[list[KeyScope], typer.Option(help="What it may do; may be repeated. admin implies all others.")],
    home: HomeDir = None,
    json: Json = False,
) -> None:
    """Give a client a key, shown this once; at most two are active, for rotation."""
    from serving.auth.key_store import KeyStore

    screen = KeyConsole(json_output=json)
    with exit_on_error(screen):
        screen.show_created_key(*KeyStore.for_home(resolve_home(home).folder).create(client, scope, _now(context)))


@app.command("list")
def list_keys(*, home: HomeDir = None, json: Json = False) -> None:
    """Every key that was ever given out, without what opens the service."""
    from serving.auth.key_store import KeyStore

    screen = KeyConsole(json_output=json)
    with exit_on_error(screen):
        screen.show_keys(KeyStore.for_home(resolve_home(home).folder).read())


@app.command()
def revoke(
    context: typer.Context,
    *,
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as `flywheel keys list` shows it.")],
    home: HomeDir = None,
    json: Json = False,
) -> None:
    """Let a key open nothing any more; a service that runs notices by itself."""
    from serving.auth.key_store import KeyStore

    screen = KeyConsole(json_output=json)
    with exit_on_error(screen):
        screen.show_revoked_key(KeyStore.for_home(resolve_home(home).folder).revoke(key_id, _now(context)))


class KeyConsole(CommandConsole):
    """Shows keys, and the one moment in which a key itself is shown."""

    def show_created_key(self, api_key: str, key: StoredKey) -> None:
        """The key, this once."""
        if self._json_output:
            self._print_json({**_key_payload(key), "key": api_key})
            return
        self._out.print(f"Key {key.id} for {key.client} ({', '.join(key.scopes)}). It is shown this once:")
        self._out.print(api_key, soft_wrap=True)

    def show_keys(self, keys: Keys | None) -> None:
        """Key by key, whose it is and what it may do."""
        if self._json_output:
            self._print_json({"keys": [_key_payload(key) for key in keys or ()]})
            return
        if not keys:
            self._out.print("No key was created in this home: flywheel keys create.")
            return
        shown = titled_table("API keys", "id", "client", "scopes", "created", "revoked")
        for key in keys:
            shown.add_row(
                key.id, key.client, ", ".join(key.scopes), _format_day(key.created_at), _format_day(key.revoked_at)
            )
        self._out.print(shown)

    def show_revoked_key(self, key: StoredKey) -> None:
        """What no longer opens."""
        if self._json_output:
            self._print_json(_key_payload(key))
            return
        self._out.print(f"Key {key.id} of {key.client} opens nothing any more; running services notice in a moment.")


def _key_payload(key: StoredKey) -> dict[str, object]:
    return key.model_dump(mode="json", exclude={"sha256"})


def _format_day(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d}"


def _now(context: typer.Context) -> datetime:
    """The time by the command line's clock, which it hands to its sub-commands."""
    now: datetime = context.obj()
    return now
