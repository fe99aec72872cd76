"""The command line. A command is one module here, imported only when it is asked for: `--help` stays fast.

To add a command write `safelight/cli/NAME.py` with a click command named `command`, and a line in COMMANDS.
"""

from __future__ import annotations

import importlib
import signal
import sys
import warnings

import click

from safelight.errors import SafelightError

COMMANDS = {  # name → the line that `safelight --help` shows
    "train": "Learn a classifier from a folder of photos.",
    "recipes": "List the recipes to train by.",
    "summary": "Show a recipe's or a run's network, layer by layer.",
    "compare": "Put the figures of finished runs side by side.",
    "explain": "Show what a run or a bundle sees in a photo, layer by layer.",
    "export": "Write a run or a pretrained backbone as a proven bundle.",
    "verify": "Prove that every runtime agrees with PyTorch, from bytes to probabilities.",
    "diagnose": "Name the mistake that made an app's tensor or answer differ.",
    "inspect": "Find what is wrong with a folder of photos.",
    "clean": "Put a folder of photos right by keys; everything can be undone.",
    "fetch": "Download a known photo set, checked.",
    "collect": "Gather photos of one class from addresses or a folder.",
    "pack": "Write a folder of photos as shards.",
    "predict": "Classify photos with a bundle.",
    "web": "Write a static site that classifies photos in the browser.",
    "demo": "Run the main job on photos that come with the install.",
}

EXAMPLES = """
\b
Examples:
  safelight train photos/ --out runs/pets
  safelight export runs/pets --out pets.bundle
  safelight verify pets.bundle --images photos/
  safelight predict pets.bundle some.jpg
  safelight web pets.bundle --out site/ --serve
"""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"safelight.cli.{name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):  # click would import every command for its first line
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Commands, epilog=EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="safelight")
def cli() -> None:
    """One on-device image classifier that gives the same answer everywhere."""


def main() -> None:
    """The entry point: errors of ours become one message and their exit code; everything else is a bug and shows its trace."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does: nothing half-written stays
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"PIL\.")  # what a photo breaks is our errors' business
            cli(standalone_mode=False)
    except SafelightError as error:
        click.echo(f"safelight: {error}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("safelight: stopped.", err=True)
        sys.exit(130)
