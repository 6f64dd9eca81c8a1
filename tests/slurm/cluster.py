"""A real SLURM of its own: a controller and several virtual nodes on this machine, by loopback.

Everything lies below one folder: key of munge, sockets, state, logs. The daemons stay in the
foreground as children of the tests, and the kernel ends them if the tests die.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

DAEMONS = ("munged", "slurmctld", "slurmd")
CLIENTS = ("sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo", "setpriv")
NODES = ("n1", "n2", "n3", "n4")
PATIENCE = 60  # seconds for anything that takes one or two
SIZE = "CPUs=4 RealMemory=64000 Gres=gpu:2"
CONFIG = """
ClusterName=tests
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser=root
SlurmdUser=root
AuthInfo=socket={root}/munge.socket
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation={root}/state
SlurmdSpoolDir={root}/spool/%n
SlurmctldPidFile={root}/slurmctld.pid
SlurmdPidFile={root}/slurmd.%n.pid
SlurmctldLogFile={root}/log/slurmctld.log
SlurmdLogFile={root}/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=batch_sched_delay=0,bf_interval=1,sched_interval=2
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=10
MinJobAge=300
SlurmdTimeout=10
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
GresTypes=gpu
NodeName=n[1-4] NodeHostname={host} NodeAddr=127.0.0.1 Port={nodes} {size}
PartitionName=main Nodes=ALL Default=YES DefaultTime=60 PriorityTier=1 PreemptMode=REQUEUE
PartitionName=cancelled Nodes=ALL DefaultTime=60 PriorityTier=1 PreemptMode=CANCEL
PartitionName=urgent Nodes=ALL DefaultTime=60 PriorityTier=10 PreemptMode=off
"""


def lacking() -> str:
    """Return why no SLURM can be started here, or nothing."""
    search = search_path()
    missing = [name for name in (*DAEMONS, *CLIENTS) if not shutil.which(name, path=search)]
    if missing:
        return f"no {', '.join(missing)} here: apt-get install slurmctld slurmd slurm-client munge"
    return "" if os.getuid() == 0 else "nodes with GPUs of their own need root (mknod)"


def search_path() -> str:
    return f"{os.environ['PATH']}:/usr/sbin:/sbin"


class Cluster:
    """The daemons, and what the tests do to them."""

    def __init__(self, root: Path):
        self.root = root
        self.daemons: dict[str, subprocess.Popen] = {}
        for folder in ("log", "state", "bin", *(f"spool/{node}" for node in NODES)):
            (root / folder).mkdir(parents=True)
        self._write_config()

    def _write_config(self) -> None:
        host = socket.gethostname().split(".")[0]
        ports = _free_ports(1 + len(NODES))
        nodes = f"[{','.join(map(str, ports[1:]))}]"
        text = CONFIG.format(host=host, root=self.root, ports=ports, nodes=nodes, size=SIZE)
        (self.root / "slurm.conf").write_text(text)
        for number in (0, 1):  # a gres file must be a character device
            os.mknod(self.root / f"gpu{number}", 0o020666, os.makedev(1, 3))
        gres = f"AutoDetect=off\nName=gpu File={self.root}/gpu[0-1]\n"
        (self.root / "gres.conf").write_text(gres)
        key = self.root / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        # The plugin's job steps lose SLURM_CONF on their way to srun.
        srun = shutil.which("srun")
        wrapper = self.root / "bin/srun"
        wrapper.write_text(f'#!/bin/sh\nSLURM_CONF={self.root}/slurm.conf exec {srun} "$@"\n')
        wrapper.chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to use this cluster and no other."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SLURM_")}
        path = f"{self.root}/bin:{search_path()}"
        return {**kept, "SLURM_CONF": str(self.root / "slurm.conf"), "PATH": path}

    def start(self) -> None:
        root = self.root
        self._spawn(
            "munged",
            *("--foreground", "--force", "--num-threads=2", f"--key-file={root}/munge.key"),
            *(f"--socket={root}/munge.socket", f"--pid-file={root}/munged.pid"),
            *(f"--log-file={root}/log/munged.log", f"--seed-file={root}/munge.seed"),
        )
        wait_until((root / "munge.socket").exists, "munged does not start")
        self.start_controller()
        for node in NODES:
            self.start_node(node)
        wait_until(lambda: len(self.idle()) == len(NODES), "the nodes do not start")

    def start_controller(self) -> None:
        self._spawn("slurmctld", "-D")
        wait_until(lambda: self.answers, "the controller does not start")

    def start_node(self, node: str) -> None:
        self._spawn("slurmd", "-D", "-N", node, name=node)

    def _spawn(self, program: str, *options: str, name: str | None = None) -> None:
        with (self.root / f"log/{name or program}.out").open("ab") as log:
            self.daemons[name or program] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", program, *options],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def call(self, *command: str) -> str:
        """Return what a command prints on this cluster."""
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, timeout=PATIENCE
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout.strip()

    @property
    def answers(self) -> bool:
        command = ["squeue", "--noheader"]
        return subprocess.run(command, env=self.environment, capture_output=True).returncode == 0

    def idle(self) -> list[str]:
        return self.call("sinfo", "-hN", "-p", "main", "-t", "idle", "-o", "%N").split()

    def jobs(self, *states: str) -> dict[str, str]:
        """Return the jobs that are not over, or those in some states: node by number."""
        chosen = [f"--states={','.join(states)}"] if states else []
        lines = self.call("squeue", "-h", "-o", "%i|%N", *chosen).splitlines()
        return dict(line.split("|") for line in lines)

    def kill(self, name: str) -> None:
        daemon = self.daemons.pop(name)
        daemon.kill()
        daemon.wait()

    def crash(self, node: str) -> None:
        """End a node as a power cut would: its daemon and all that runs there, at once."""
        self.kill(node)
        there = self._processes(f"SLURMD_NODENAME={node}")
        # The managers of the job's steps first, or they would tell the controller of its end.
        for process in [*{_parent(process) for process in there} - set(there), *there]:
            if process > 1:
                _kill(process)

    def start_again(self, job: str) -> None:
        """Wait until SLURM has requeued a job; start it now rather than two minutes later."""

        def requeued() -> bool:
            facts = self.call("scontrol", "show", "job", job)
            return "JobState=PENDING" in facts or (
                "JobState=RUNNING" in facts and "Restarts=0 " not in facts
            )

        def started() -> bool:
            if job in self.jobs("PENDING"):
                with contextlib.suppress(AssertionError):  # it has just been started
                    self.call("scontrol", "update", f"jobid={job}", "StartTime=now")
            return job in self.jobs("RUNNING")

        wait_until(requeued, "SLURM does not requeue it")
        wait_until(started, "SLURM does not start it again")

    def trainers(self, job: str = "") -> list[int]:
        """Return the processes that fine-tune, of all jobs or of one."""
        found = []
        for process in self._processes(*([f"SLURM_JOB_ID={job}"] if job else [])):
            with contextlib.suppress(OSError):  # it has just ended
                line = Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace")
                if ".finetune_targets.py" in line:
                    found.append(process)
        return found

    def _processes(self, *words: str) -> list[int]:
        """Return the processes of this cluster with some words in their environment."""
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                given = path.read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if f"SLURM_CONF={self.root}/slurm.conf" in given and set(words) <= set(given):
                found.append(int(path.parent.name))
        return found

    def empty(self) -> None:
        """Bring the cluster back to where it was at first: all daemons, no jobs."""
        if "slurmctld" not in self.daemons:
            self.start_controller()
        for node in NODES:
            if node not in self.daemons:
                self.start_node(node)
        self.call("scancel", "--user", "root")
        self.call("scancel", "--user", "root", "--signal=KILL", "--full")
        wait_until(lambda: not self.jobs(), "the jobs do not end")
        for node in NODES:
            if node not in self.idle():
                self.call("scontrol", "update", f"nodename={node}", "state=resume")
        wait_until(lambda: len(self.idle()) == len(NODES), "the nodes do not come back")

    def stop(self) -> None:
        for daemon in self.daemons.values():
            daemon.kill()
        for daemon in self.daemons.values():
            daemon.wait()
        for process in self._processes():
            _kill(process)


def wait_until(done, complaint: str, seconds: float = PATIENCE) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, complaint
        time.sleep(0.1)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for opened in sockets:
        opened.bind(("127.0.0.1", 0))
    ports = [opened.getsockname()[1] for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports


def _parent(process: int) -> int:
    try:
        fields = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return 0
    return int(fields.rpartition(")")[2].split()[1])


def _kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        pass
