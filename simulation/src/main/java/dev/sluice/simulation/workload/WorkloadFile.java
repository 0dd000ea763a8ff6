package dev.sluice.simulation.workload;

import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * A workload as people write it: a trace, or a YAML file that describes generated traffic, agents
 * and traces to mix.
 *
 * <pre>{@code
 * duration: 10m
 * traffic:
 *   - tenant: web
 *     count: 3                    # tenants web-1 to web-3; with a flow, flows of one tenant
 *     priority: 10
 *     arrivals: {poisson: {rate: 3}}    # or gamma: {rate, cv}, regular: {rate}, on-off: {rate, on, off}
 *     input: {uniform: {min: 64, max: 512}}
 *     output: {lognormal: {median: 200, sigma: 0.8, max: 2048}}  # or pareto: {min, alpha, max}, or 128
 *     slo: 2s
 * agents:
 *   - tenant: coder
 *     sessions: {poisson: {rate: 0.1}}
 *     steps: {uniform: {min: 3, max: 12}}
 *     parallel: 2
 *     think: 500ms
 *     input: 400
 *     output: 300
 * traces:
 *   - file: azure-2023-conv.csv   # beside the YAML file
 *     timeScale: 0.5
 * }</pre>
 *
 * <p>Immutable. This class is long because it binds every key of a description in one place.
 *
 * @param traffic the open-loop sources
 * @param agents the closed-loop sources
 * @param traces the recorded sources
 * @param durationNanos the time at which generated sources end, or -1 if the file doesn't say
 */
public record WorkloadFile(
    List<Traffic> traffic,
    List<AgentSessions.Plan> agents,
    List<Recorded> traces,
    long durationNanos) {

  private static final long UNSAID_NANOS = 600_000_000_000L;
  private static final List<String> TOP = List.of("duration", "traffic", "agents", "traces");
  private static final List<String> CALLER =
      List.of("tenant", "flow", "count", "priority", "model", "adapter");
  private static final List<String> SHAPE =
      List.of("input", "output", "cached", "maxOutput", "slo", "ttl");
  private static final List<String> TRAFFIC = joined(CALLER, SHAPE, "arrivals", "start", "end");
  private static final List<String> AGENT =
      joined(
          CALLER,
          SHAPE,
          "sessions",
          "steps",
          "parallel",
          "think",
          "flowPerSession",
          "longestPrompt");
  private static final List<String> TRACE =
      List.of(
          "file",
          "columns",
          "timeScale",
          "tenants",
          "tenant",
          "priority",
          "slo",
          "repeat",
          "limit");

  /** A trace with the options for its replay. */
  public record Recorded(Path file, TraceColumns columns, TraceOptions options) {}

  public WorkloadFile {
    traffic = List.copyOf(traffic);
    agents = List.copyOf(agents);
    traces = List.copyOf(traces);
  }

  /**
   * Reads a description, or takes a trace as it is.
   *
   * @throws InvalidWorkloadException with file, place and fault
   * @throws IOException if the file can't be read
   */
  public static WorkloadFile read(Path file) throws IOException {
    return read(file, TraceColumns.NONE);
  }

  /**
   * Reads a description, or takes a trace as it is.
   *
   * @param columns the columns of a log that has no known format, or {@link TraceColumns#NONE}
   * @throws InvalidWorkloadException with file, place and fault
   * @throws IOException if the file can't be read
   */
  public static WorkloadFile read(Path file, TraceColumns columns) throws IOException {
    if (!columns.isNone() || Traces.isTrace(file)) {
      var recorded = new Recorded(file, columns, TraceOptions.DEFAULT);
      return new WorkloadFile(List.of(), List.of(), List.of(recorded), -1);
    }
    try {
      return parse(file, Files.readString(file, StandardCharsets.UTF_8));
    } catch (NoSuchFileException e) {
      throw new InvalidWorkloadException(file + ": there is no such file");
    } catch (CharacterCodingException e) {
      throw new InvalidWorkloadException(file + ": is not UTF-8");
    }
  }

  /** Reads a description; {@code file} gives its name, and the folder of its traces. */
  static WorkloadFile parse(Path file, String yaml) throws InvalidWorkloadException {
    var name = file.toString();
    var settings = LoadSettings.builder().setLabel(name).setAllowDuplicateKeys(true).build();
    try {
      var node = new Compose(settings).composeReader(new StringReader(yaml));
      if (node.isEmpty()) {
        throw new InvalidWorkloadException(name + ": is empty; allowed: " + String.join(", ", TOP));
      }
      return bind(file, new YamlMap(name, "", node.get(), TOP));
    } catch (MarkedYamlEngineException e) {
      var at = e.getProblemMark();
      var place = at.map(m -> ":" + (m.getLine() + 1) + ":" + (m.getColumn() + 1)).orElse("");
      throw new InvalidWorkloadException(name + place + ": is no YAML: " + e.getProblem());
    } catch (YamlEngineException e) {
      throw new InvalidWorkloadException(name + ": is no YAML: " + e.getMessage());
    }
  }

  /**
   * The requests, the same for the same seed.
   *
   * @param durationNanos the time at which generated sources end; traces run to their own end
   * @throws IOException if a trace can't be read or understood
   */
  public Workload open(long seed, long durationNanos) throws IOException {
    return open(seed, durationNanos, Map.of());
  }

  /**
   * The requests. Those of traces, and generated ones for which the file does not say it, have the
   * priority and the time to live that the configuration of their tenant says.
   *
   * @param durationNanos the time at which generated sources end; traces run to their own end
   * @param tenants the configured tenants by their ids
   * @throws IOException if a trace can't be read or understood
   */
  public Workload open(long seed, long durationNanos, Map<String, TenantRules> tenants)
      throws IOException {
    var sources = new ArrayList<Workload>();
    var open = traffic.stream().map(one -> one.of(tenants)).toList();
    sources.add(new OpenTraffic(open, seed, durationNanos));
    for (var plan : agents) {
      var closed = plan.of(tenants);
      sources.add(new AgentSessions(closed, Randoms.mix(seed + sources.size()), durationNanos));
    }
    for (var trace : traces) {
      sources.add(Traces.open(trace.file, trace.columns, trace.options.withSeed(seed), tenants));
    }
    return sources.size() == 1 ? sources.getFirst() : new MergedWorkload(sources);
  }

  /**
   * The length of the workload in nanoseconds, above 0: as the file says, else until a trace's last
   * request, else 10 minutes.
   *
   * @throws IOException if a trace can't be read or understood
   */
  public long lengthNanos() throws IOException {
    if (durationNanos >= 0) {
      return durationNanos;
    }
    var last = -1L;
    for (var trace : traces) {
      var replay = Traces.open(trace.file, trace.columns, trace.options, Map.of());
      for (var next = replay.next(); next != null; next = replay.next()) {
        last = Math.max(last, next.atNanos());
      }
    }
    return last < 0 ? UNSAID_NANOS : last + 1;
  }

  private static WorkloadFile bind(Path file, YamlMap top) throws InvalidWorkloadException {
    var traffic = new ArrayList<Traffic>();
    for (var entry : top.maps("traffic", TRAFFIC)) {
      for (var caller : callers(entry)) {
        traffic.add(traffic(entry, caller));
      }
    }
    var agents = new ArrayList<AgentSessions.Plan>();
    for (var entry : top.maps("agents", AGENT)) {
      for (var caller : callers(entry)) {
        agents.add(plan(entry, caller));
      }
    }
    var traces = new ArrayList<Recorded>();
    for (var entry : top.maps("traces", TRACE)) {
      var columns = entry.text("columns", "");
      traces.add(
          new Recorded(
              file.resolveSibling(entry.text("file")),
              columns.isEmpty() ? TraceColumns.NONE : entry.make(() -> TraceColumns.parse(columns)),
              options(entry)));
    }
    if (traffic.isEmpty() && agents.isEmpty() && traces.isEmpty()) {
      throw top.fault("", "describes no traffic, agents or traces");
    }
    var duration = top.nanos("duration", -1);
    if (duration == 0) {
      throw top.fault("duration", "got 0, allowed > 0");
    }
    return new WorkloadFile(traffic, agents, traces, duration);
  }

  private static List<Caller> callers(YamlMap entry) throws InvalidWorkloadException {
    var tenant = entry.text("tenant");
    var flow = entry.text("flow", tenant);
    var count = entry.whole("count", 0);
    if (count < 0 || count > 100_000) {
      throw entry.fault("count", "got " + count + ", allowed 1 to 100000");
    }
    var priority = entry.whole("priority", Caller.CONFIGURED);
    if (priority != (int) priority) {
      throw entry.fault("priority", "got " + priority + ", allowed a 32-bit number");
    }
    var model = entry.text("model", "");
    var adapter = entry.text("adapter", "");
    var callers = new ArrayList<Caller>();
    for (var i = 1; i <= Math.max(1, count); i++) {
      var end = count == 0 ? "" : "-" + i;
      var whose = entry.has("flow") ? tenant : tenant + end;
      callers.add(new Caller(whose, flow + end, (int) priority, model, adapter));
    }
    return callers;
  }

  private static Traffic traffic(YamlMap entry, Caller caller) throws InvalidWorkloadException {
    var start = entry.nanos("start", 0);
    var end = entry.nanos("end", Long.MAX_VALUE);
    if (end <= start) {
      throw entry.fault("end", "must be after the start");
    }
    return new Traffic(caller, arrivals(entry, "arrivals"), shape(entry), start, end);
  }

  private static AgentSessions.Plan plan(YamlMap entry, Caller caller)
      throws InvalidWorkloadException {
    var sessions = arrivals(entry, "sessions");
    var one = new TokenLengths.Constant(1);
    var steps = entry.has("steps") ? lengths(entry, "steps") : one;
    var parallel = entry.has("parallel") ? lengths(entry, "parallel") : one;
    var think = entry.nanos("think", 0);
    var longest = entry.whole("longestPrompt", 32_768);
    var shape = shape(entry);
    var perSession = entry.flag("flowPerSession");
    return entry.make(() ->
        new AgentSessions.Plan(
            caller, sessions, steps, parallel, think, perSession, longest, shape));
  }

  private static RequestShape shape(YamlMap entry) throws InvalidWorkloadException {
    var input = lengths(entry, "input");
    var output = lengths(entry, "output");
    var cached = entry.number("cached", 0);
    var maxOutput = entry.whole("maxOutput", -1);
    var slo = entry.nanos("slo", -1);
    var ttl = entry.nanos("ttl", -1);
    return entry.make(() -> new RequestShape(input, output, cached, maxOutput, slo, ttl));
  }

  private static ArrivalProcess arrivals(YamlMap entry, String key)
      throws InvalidWorkloadException {
    var choice = entry.map(key, List.of("poisson", "gamma", "regular", "on-off"));
    var kind = choice.only();
    var keys =
        switch (kind) {
          case "gamma" -> List.of("rate", "cv");
          case "on-off" -> List.of("rate", "on", "off");
          default -> List.of("rate");
        };
    var of = choice.map(kind, keys);
    var rate = of.number("rate");
    return of.make(() ->
        switch (kind) {
          case "poisson" -> new ArrivalProcess.Poisson(rate);
          case "gamma" -> new ArrivalProcess.Gamma(rate, of.number("cv"));
          case "regular" -> new ArrivalProcess.Regular(rate);
          default -> new ArrivalProcess.OnOff(rate, of.nanos("on"), of.nanos("off"));
        });
  }

  private static TokenLengths lengths(YamlMap entry, String key) throws InvalidWorkloadException {
    if (entry.isScalar(key)) {
      var tokens = entry.whole(key);
      if (tokens < 1 || tokens > TokenLengths.LONGEST) {
        throw entry.fault(key, "got " + tokens + ", allowed 1 to " + TokenLengths.LONGEST);
      }
      return new TokenLengths.Constant(tokens);
    }
    var choice = entry.map(key, List.of("uniform", "lognormal", "pareto"));
    var kind = choice.only();
    var keys =
        switch (kind) {
          case "uniform" -> List.of("min", "max");
          case "lognormal" -> List.of("median", "sigma", "max");
          default -> List.of("min", "alpha", "max");
        };
    var of = choice.map(kind, keys);
    var most = of.whole("max", TokenLengths.LONGEST);
    return of.make(() ->
        switch (kind) {
          case "uniform" -> new TokenLengths.Uniform(of.whole("min"), of.whole("max"));
          case "lognormal" ->
              new TokenLengths.LogNormal(of.number("median"), of.number("sigma"), most);
          default -> new TokenLengths.Pareto(of.whole("min"), of.number("alpha"), most);
        });
  }

  private static TraceOptions options(YamlMap entry) throws InvalidWorkloadException {
    var preset = TraceOptions.DEFAULT;
    var scale = entry.number("timeScale", preset.timeScale());
    var tenants = entry.whole("tenants", preset.tenants());
    var tenant = entry.text("tenant", preset.tenant());
    var priority = entry.whole("priority", preset.priority());
    var slo = entry.nanos("slo", preset.sloNanos());
    var repeat = entry.whole("repeat", preset.repeat());
    var limit = entry.whole("limit", preset.limit());
    if (priority != (int) priority || tenants != (int) tenants || repeat != (int) repeat) {
      throw entry.fault("", "priority, tenants and repeat must be 32-bit numbers");
    }
    return entry.make(() ->
        new TraceOptions(
            scale, (int) tenants, tenant, (int) priority, slo, (int) repeat, limit, preset.seed()));
  }

  private static List<String> joined(List<String> some, List<String> more, String... rest) {
    var all = new ArrayList<>(some);
    all.addAll(more);
    all.addAll(List.of(rest));
    return List.copyOf(all);
  }
}
