"""Completion in the shell for `convsight train`, whose options are made from its settings when it is called."""

from importlib import import_module
from typing import Any

from typer.core import TyperCommand
from typer.main import get_command


class TrainCommand(TyperCommand):
    """The verb as the list of verbs knows it; what may come next is asked of the command with all its options."""

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        options = import_module("convsight.train_options")  # which reads all settings
        command: Any = get_command(options.train_app(options.named_task(ctx.args)))
        before = ctx.args[-1] if ctx.args else ""
        asked = next((each for each in command.params if before in each.opts and not each.is_flag), None)
        return asked.shell_complete(ctx, incomplete) if asked else command.shell_complete(ctx, incomplete)
