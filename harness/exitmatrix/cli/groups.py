"""A command of commands: a wrong name is answered with the nearest."""

from __future__ import annotations

import click

from exitmatrix.cli.errors import no_such


class CommandGroup(click.Group):
    """As click's, but it names the nearest command."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first of the words names."""
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-"):
            raise no_such("command", args[0], known)
        return super().resolve_command(ctx, args)
