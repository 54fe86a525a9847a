"""`./micboard up`: the services, then what the database needs, then the processes; kept until told."""

import asyncio
import os
import sys
import time

from deploy import ports, postgres, running, valkey
from deploy.console import RUNNER, Console
from deploy.datafolder import CHECKOUT, DataFolder
from deploy.flower import PASSWORD as FLOWER_PASSWORD
from deploy.launcher import Launcher
from deploy.options import ADMIN_PASSWORD, LOOPBACK, Options
from deploy.prepared import Prepared, prepare
from deploy.processes import commands, processes, simulator
from deploy.program import CannotStart
from deploy.ready import Access, ready_block
from deploy.running import Run, RunLock
from deploy.supervisor import Supervisor, stop_when_told

_PROCFILE = CHECKOUT / "Procfile"
_SECRET_KEY = "secret-key"  # noqa: S105 - the name under which the product's settings look for it
_LAST_RUN_ENDS_WITHIN_S = 30


def up(options: Options) -> int:
    """Run Micboard until a signal ends it. Raises `CannotStart`."""
    console = Console(sys.stdout, [*commands(_PROCFILE), "simulator", "postgres", "valkey"])
    options.data.make()
    lock = RunLock(options.data.run)
    _take(lock, options.data, console)
    ports.require_free(options.bind, options.port, what="the board", option="--port or MICBOARD_PORT")
    ports.require_free(LOOPBACK, options.flower_port, what="Flower", option="MICBOARD_FLOWER_PORT")
    options.data.secret(_SECRET_KEY)
    asyncio.run(_run(options, lock, console))
    return 0


def _take(lock: RunLock, data: DataFolder, console: Console) -> None:
    """Take the lock, once the processes of a run that is ending have gone."""
    deadline = None
    while not lock.take():
        if run := running.recorded(data.run):
            raise CannotStart(f"Micboard already runs on {data.path}: process {run.pid}, {run.address}")
        if deadline is None:
            deadline = time.monotonic() + _LAST_RUN_ENDS_WITHIN_S
            console.say(RUNNER, "waiting for the processes of the last run to end")
        elif time.monotonic() > deadline:
            raise CannotStart(f"Processes of the last run still hold {data.run / 'lock'}: end them first.")
        time.sleep(0.1)


async def _run(options: Options, lock: RunLock, console: Console) -> None:
    began = time.monotonic()
    data = options.data
    running.record(data.run, Run.of_this_process(f"http://{options.hosts[0]}:{options.port}/"))
    environment = {name: value for name, value in os.environ.items() if name != ADMIN_PASSWORD}
    inherited = (lock.descriptor,)
    launcher = Launcher(console=console, folder=CHECKOUT, environment=environment, inherited=inherited)
    supervisor = Supervisor()
    stop_when_told(supervisor)
    try:
        services = await _start_services(data, supervisor, launcher)
        running.publish(data.run, services)
        launcher = launcher.with_variables(options.environment(environment) | services)
        prepared = await _start_processes(options, supervisor, launcher)
        running.publish(data.run, services | prepared.variables)
        access = _access(options, prepared)
        console.write(f"\n{ready_block(access, took_s=time.monotonic() - began)}\n")
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        console.say(RUNNER, "stopping")
    finally:
        running.forget(data.run)
        await supervisor.stop()


async def _start_services(data: DataFolder, supervisor: Supervisor, launcher: Launcher) -> dict[str, str]:
    """Start those of the two whose address is not given, and return the addresses of both."""
    services = {name: url for name in ("DATABASE_URL", "REDIS_URL") if (url := os.environ.get(name))}
    sockets = data.sockets()
    programs = []
    if "REDIS_URL" not in services:
        services["REDIS_URL"] = valkey.url(sockets)
        programs.append(valkey.program(data.valkey, sockets))
    if "DATABASE_URL" not in services:
        services["DATABASE_URL"] = postgres.url(sockets)
        if not data.cluster.exists():
            with launcher.console.step("made a new database"):
                await asyncio.to_thread(postgres.create, data.cluster)
        programs.append(postgres.program(data.cluster, sockets))
    await supervisor.start(launcher, *programs)
    return services


async def _start_processes(options: Options, supervisor: Supervisor, launcher: Launcher) -> Prepared:
    programs = processes(_PROCFILE, options)
    # Flower needs the broker alone, so it starts on the core that preparing leaves idle.
    flower = [program for program in programs if program.name == "flower"]
    others = [program for program in programs if program not in flower]
    prepared, _ = await asyncio.gather(prepare(options, launcher), supervisor.start(launcher, *flower))
    if prepared.simulator:
        others.append(simulator(prepared.simulator))
    await supervisor.start(launcher.with_variables(prepared.variables), *others)
    return prepared


def _access(options: Options, prepared: Prepared) -> Access:
    return Access(
        hosts=options.hosts,
        port=options.port,
        flower_port=options.flower_port,
        admin=prepared.admin,
        admin_password_file=prepared.admin_password_file,
        flower_password_file=options.data.secret(FLOWER_PASSWORD),
        feed_token_file=prepared.feed_token_file,
    )
