"""`ussd test`: transcripts are replayed, and menus are walked."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from simulator.transcripts import difference
from simulator.transcripts.apart import apart, server
from simulator.transcripts.replay import Difference, Played, replay
from simulator.transcripts.steps import Screen
from simulator.transcripts.transcript import Transcript, TranscriptError, read, updated
from ussd.callback import Reply
from ussd.cli.running import CONFIG, settings_of, told
from ussd.cli.walking import walked
from ussd.core.strict_yaml import Fault
from ussd.doors import AppError
from ussd.settings import Settings

FOLDER = Path("tests/transcripts")
"""Where transcripts are, beside those that are beside their menus."""


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--update", is_flag=True, help="Write what is shown now into the files, where it differs.")
@click.option("--crawl", "code", help="Walk every path of this shortcode's menu, and replay nothing.")
@click.option("--gateway", help="The gateway on whose line the menu is walked; each of them unless told.")
@CONFIG
def test(files: tuple[Path, ...], update: bool, code: str | None, gateway: str | None, config: Path | None) -> None:
    """Replay transcripts, each in an engine in which nothing has happened yet.

    FILES are transcripts or folders of them; without any, those in tests/transcripts and beside the menus are meant.
    """
    if (code and (files or update)) or (gateway and not code):
        raise click.UsageError("--crawl walks a menu, with or without --gateway; it goes with no files")
    with told(AppError):
        settings = settings_of("readable", config)
        if code:
            sound = walked(settings, code, gateway)
        else:
            sound = _tested(settings, _files(files or (FOLDER, settings.menus)), update=update)
    if not sound:
        sys.exit(1)


def _files(given: Sequence[Path]) -> list[Path]:
    """The transcripts that are meant. Raises AppError where there is none."""
    folders = [path for path in given if not path.is_file()]
    paths = [path for path in given if path.is_file()] + [one for path in folders for one in sorted(path.glob("*.txt"))]
    if not paths:
        raise AppError(f"no transcript in {', '.join(map(str, given))}")
    return paths


def _tested(settings: Settings, paths: Sequence[Path], *, update: bool) -> bool:
    """Replay each file, and say what is different; whether all is well then."""
    transcripts = _read(paths)
    with server() as redis, asyncio.Runner() as runner:
        unsound = 0
        for path, transcript in transcripts.items():
            try:
                played = runner.run(_played(settings, redis, transcript))
            except AppError as fault:
                click.echo(f"{path}:1:1: {fault}")
                unsound += 1
                continue
            unsound += not (_update(path, played) if update else _told(path, played))
    differ = f"{unsound} not as {'they' if len(paths) != 1 else 'it'} should be" if unsound else "no difference"
    click.echo(f"{len(paths)} transcript{'s' if len(paths) != 1 else ''}, {differ}")
    return not unsound


def _read(paths: Sequence[Path]) -> dict[Path, Transcript]:
    """Read all files. Raises TranscriptError with all that is wrong with any."""
    found: dict[Path, Transcript] = {}
    faults: list[Fault] = []
    for path in paths:
        try:
            found[path] = read(path)
        except TranscriptError as error:
            faults += error.faults
    if faults:
        raise TranscriptError(faults)
    return found


async def _played(settings: Settings, redis: str, transcript: Transcript) -> Played:
    async with apart(settings, redis) as reach:
        return await replay(transcript, reach)


def _told(path: Path, played: Played) -> bool:
    """Say what is different; whether nothing is."""
    for one in played.differences:
        click.echo("\n".join(difference.told(str(path), one)))
    return not played.differences and not _unreached(path, played)


def _unreached(path: Path, played: Played) -> int:
    if played.unreached:
        click.echo(f"{path}:{played.unreached}:1: the call has ended by then; nothing from here on was done")
    return played.unreached


def _update(path: Path, played: Played) -> bool:
    """Write what is shown now into the file; whether that was all that was wrong with it."""
    lost = [one for one in played.differences if not isinstance(one.shown, Reply)]
    for one in lost:
        click.echo("\n".join(difference.told(str(path), one)))
    screens = {one.line: (one.expected, now) for one in played.differences if (now := _now(one))}
    if screens:
        path.write_bytes(updated(path.read_bytes().decode("utf-8-sig"), screens).encode())
        click.echo(f"{path}: {len(screens)} screen{'s' if len(screens) != 1 else ''} written anew")
    return not lost and not _unreached(path, played)


def _now(one: Difference) -> Screen | None:
    if not isinstance(one.shown, Reply):
        return None
    return Screen(difference.kept(one.expected, one.shown, one.known), one.shown.ends)
