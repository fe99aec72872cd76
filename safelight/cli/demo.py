"""`safelight demo`: the main job, end to end, on photos that come with the install."""

from __future__ import annotations

from pathlib import Path

import click

EXAMPLES = """
\b
Examples:
  safelight demo
  safelight demo --out demo --serve
"""

STEPS = (  # what a user would type; the demo runs the same commands
    "train {out}/photos --out {out}/run",
    "export {out}/run --out {out}/surfaces.bundle",
    "predict {out}/surfaces.bundle {out}/photos/test/gravel --top 3",
    "web {out}/surfaces.bundle --out {out}/site",
)


@click.command(epilog=EXAMPLES)
@click.option("--out", type=click.Path(path_type=Path), default=Path("demo"), show_default=True, help="Where everything is written.")
@click.option("--serve", is_flag=True, help="Serve the site at the end, until Ctrl-C.")
@click.pass_context
def command(context: click.Context, out: Path, serve: bool) -> None:
    """Train, export, prove and build the site: three kinds of ground, photographed from above."""
    from train.demo import write_photos

    write_photos(out / "photos")
    group = context.parent.command if context.parent else None
    assert isinstance(group, click.Group)  # `demo` is always called through `safelight`
    for step in STEPS:
        words = step.format(out=out).split() + (["--serve"] if serve and step is STEPS[-1] else [])
        click.secho(f"\n$ safelight {' '.join(words)}", bold=True)
        try:
            group.main(args=words, prog_name="safelight", standalone_mode=False)
        except SystemExit as end:
            if end.code:
                raise
    click.echo(f"\nLook at {out}/run/report.html and {out}/surfaces.bundle/parity.html; open the site with:")
    click.echo(f"  safelight web {out}/surfaces.bundle --out {out}/site --serve")
