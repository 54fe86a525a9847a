"""Play Shure devices and their System API server until SIGINT or SIGTERM."""

import asyncio
import signal
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, DjangoHelpFormatter

from pollers.simulator import SCENARIOS, Dialect, Occupied, Unplayable
from pollers.simulator.house import MODELS, models_of
from pollers.simulator.scenarios import SHOW, scenario_of
from pollers.simulator.simulator import playing
from pollers.simulator.stage import Stage, network_of


class _Help(DjangoHelpFormatter, RawDescriptionHelpFormatter):
    """Keeps the list of scenarios a line each."""


class Command(BaseCommand):
    help = "Play Shure devices (command strings on TCP 2202) and their System API server (HTTPS)."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = _Help
        parser.epilog = "scenarios:\n" + "\n".join(
            f"  {scenario.name:<15} {scenario.sentence}" for scenario in SCENARIOS.values()
        )
        parser.add_argument(
            "--devices",
            type=int,
            default=len(MODELS),
            help=f"how many, of the models of a mid-size house ({len(MODELS)})",
        )
        parser.add_argument(
            "--scenario",
            choices=SCENARIOS,
            default=SHOW.name,
            metavar="NAME",
            help=f"what is played, see below ({SHOW.name}); the control endpoint can switch to another",
        )
        parser.add_argument("--seed", type=int, default=1, help="the same seed is the same show (1)")
        parser.add_argument(
            "--port", type=int, default=10443, help="HTTPS port of the System API, 0 for any (10443)"
        )
        parser.add_argument(
            "--control-port", type=int, default=10444, help="port of the control endpoint (10444)"
        )
        parser.add_argument(
            "--network", default="127.20.0.0/16", help="loopback network of the devices (127.20.0.0/16)"
        )
        parser.add_argument(
            "--data",
            type=Path,
            default=settings.DATA_DIR / "simulator",
            help="folder of the certificate and keys, made when missing (simulator, in the data directory)",
        )
        parser.add_argument("--no-etags", action="store_true", help="answer without ETags")
        parser.add_argument(
            "--paused", action="store_true", help="stand still until the control endpoint resumes"
        )
        parser.add_argument(
            "--speed", type=float, default=1.0, help="how much faster than real packs drain (1)"
        )

    def handle(self, *_args: object, **options: Any) -> None:
        try:
            stage = self._staged(options)
            asyncio.run(self._play(stage, options["control_port"]))
        except (Occupied, Unplayable) as error:
            raise CommandError(str(error)) from error

    def _staged(self, options: dict[str, Any]) -> Stage:
        try:
            return Stage(
                models=models_of(options["devices"]),
                seed=options["seed"],
                network=network_of(options["network"]),
                data=options["data"],
                port=options["port"],
                dialect=Dialect(etags=not options["no_etags"]),
                paused=options["paused"],
                speed=options["speed"],
                scenario=scenario_of(options["scenario"]),
            )
        except OSError as error:
            raise CommandError(f"Cannot keep credentials in {options['data']}: {error.strerror}") from error

    async def _play(self, stage: Stage, control_port: int) -> None:
        asked_to_stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, asked_to_stop.set)
        async with playing(stage, control_port=control_port) as control:
            self.stdout.write(
                f"Playing {len(stage.rack.receivers)} devices on {stage.rack.network}: System API {stage.url}, "
                f"control {control.url}, API key in {stage.credentials.api_key_file}"
            )
            self.stdout.flush()
            await asked_to_stop.wait()
