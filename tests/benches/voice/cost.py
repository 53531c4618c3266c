"""What a process tree costs, from /proc: CPU seconds, wake-ups, memory, threads."""
import os
import resource
from pathlib import Path


def family(pids):
    """These processes and all below them."""
    children = {}
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            try:
                stat = Path('/proc', entry, 'stat').read_text()
            except OSError:
                continue                  # it has ended meanwhile
            children.setdefault(int(stat.rsplit(')', 1)[1].split()[1]), []).append(int(entry))
    found = list(pids)
    for pid in found:
        found += children.get(pid, [])
    return found


def cpu_seconds(pids):
    """Used so far, ended threads and children included."""
    tick = os.sysconf('SC_CLK_TCK')
    total = 0.0
    for pid in family(pids):
        try:
            fields = Path('/proc', str(pid), 'stat').read_text().rsplit(')', 1)[1].split()
        except OSError:
            continue
        total += sum(int(fields[i]) for i in (11, 12, 13, 14)) / tick
    return total


def switches(pids):
    """thread -> (times it went to sleep by itself, times it was made to wait), so far."""
    found = {}
    for pid in family(pids):
        try:
            for thread in os.listdir(f'/proc/{pid}/task'):
                text = Path('/proc', str(pid), 'task', thread, 'status').read_text()
                status = dict(line.split(':', 1) for line in text.splitlines() if ':' in line)
                found[int(thread)] = (int(status['voluntary_ctxt_switches']), int(status['nonvoluntary_ctxt_switches']))
        except OSError:
            continue
    return found


def memory(pids):
    """Proportional and resident set (MiB), threads and processes."""
    pss = rss = threads = processes = 0
    for pid in family(pids):
        try:
            rollup = Path('/proc', str(pid), 'smaps_rollup').read_text()
            threads += len(os.listdir(f'/proc/{pid}/task'))
        except OSError:
            continue
        lines = dict(line.split(':', 1) for line in rollup.splitlines()[1:])
        pss += int(lines['Pss'].split()[0]) / 1024
        rss += int(lines['Rss'].split()[0]) / 1024
        processes += 1
    return {'pss': round(pss, 1), 'rss': round(rss, 1), 'threads': threads, 'processes': processes}


def realtime(pids, priority):
    """Gives all threads of these trees SCHED_RR, or takes it back with 0. New threads
    inherit it. On a machine that others load it is the only way to see a client as it is
    on an idle desktop."""
    policy = os.SCHED_RR if priority else os.SCHED_OTHER
    for pid in family(pids):
        try:
            # Whoever spins for a second without sleeping is ended, not the machine frozen.
            resource.prlimit(pid, resource.RLIMIT_RTTIME, (1_000_000, 1_000_000))
            threads = os.listdir(f'/proc/{pid}/task')
        except OSError:
            continue
        for thread in threads:
            try:
                os.sched_setscheduler(int(thread), policy, os.sched_param(priority))
            except OSError:
                pass
