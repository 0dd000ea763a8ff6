package dev.sluice.simulation.report;

import dev.sluice.simulation.run.GroupResult;
import dev.sluice.simulation.run.SimulationResult;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * A column of reports on a group of requests, or on a whole run: the source of the value, its form,
 * and the better direction.
 */
record Column<T>(String name, String hint, ToDoubleFunction<T> value, Kind kind, Better better) {

  enum Kind {
    COUNT,
    MILLIS,
    PART,
    RATIO
  }

  enum Better {
    MORE,
    LESS,
    NEITHER
  }

  static final List<Column<GroupResult>> OF_GROUPS =
      List.of(
          of("offered", "requests that arrived", GroupResult::offered, Kind.COUNT, Better.NEITHER),
          of("served", "to the end", GroupResult::completed, Kind.COUNT, Better.MORE),
          of("refused", "rejected or evicted", GroupResult::refusedTotal, Kind.COUNT, Better.LESS),
          of("wait p50", "in the queue, median", GroupResult::waitP50, Kind.MILLIS, Better.LESS),
          of("wait p99", "in the queue", GroupResult::waitP99, Kind.MILLIS, Better.LESS),
          of("TTFT p50", "time to first token", GroupResult::ttftP50, Kind.MILLIS, Better.LESS),
          of("TTFT p99", "time to first token", GroupResult::ttftP99, Kind.MILLIS, Better.LESS),
          of(
              "tokens",
              "prompt and generated tokens of requests served",
              group -> group.inputTokens() + group.outputTokens(),
              Kind.COUNT,
              Better.MORE),
          of("share", "of the cost of all", GroupResult::share, Kind.PART, Better.NEITHER),
          of(
              "SLO",
              "requests with an objective that got their first token in time",
              GroupResult::sloAttainment,
              Kind.PART,
              Better.MORE));

  static final List<Column<SimulationResult>> OF_RUNS =
      List.of(
          of("requests", "that arrived", r -> r.all().offered(), Kind.COUNT, Better.NEITHER),
          of("served", "to the end", r -> r.all().completed(), Kind.COUNT, Better.MORE),
          of(
              "refused",
              "rejected or evicted",
              r -> r.all().refusedTotal(),
              Kind.COUNT,
              Better.LESS),
          of("wait p50", "in the queue", r -> r.all().waitP50(), Kind.MILLIS, Better.LESS),
          of("wait p99", "in the queue", r -> r.all().waitP99(), Kind.MILLIS, Better.LESS),
          of("TTFT p50", "time to first token", r -> r.all().ttftP50(), Kind.MILLIS, Better.LESS),
          of("TTFT p99", "time to first token", r -> r.all().ttftP99(), Kind.MILLIS, Better.LESS),
          of(
              "tokens",
              "of requests served",
              r -> r.all().inputTokens() + r.all().outputTokens(),
              Kind.COUNT,
              Better.MORE),
          of(
              "SLO attainment",
              "requests with an objective that got their first token in time",
              r -> r.all().sloAttainment(),
              Kind.PART,
              Better.MORE),
          of(
              "Jain's index",
              "of the tenants' cost by weight; 1 is even",
              SimulationResult::jain,
              Kind.RATIO,
              Better.MORE),
          of(
              "utilisation",
              "of the servers' slots",
              SimulationResult::utilization,
              Kind.PART,
              Better.MORE),
          of(
              "idle while queued",
              "slots free although a request waited",
              SimulationResult::idleWhileQueued,
              Kind.PART,
              Better.LESS),
          of(
              "inversions",
              "dispatches past an eligible request of a higher band",
              SimulationResult::inversions,
              Kind.COUNT,
              Better.LESS),
          of(
              "reserved turns",
              "dispatches by right of a reservation",
              SimulationResult::reservedTurns,
              Kind.COUNT,
              Better.NEITHER),
          of(
              "late dispatches",
              "after the request's own deadline",
              SimulationResult::lateDispatches,
              Kind.COUNT,
              Better.LESS),
          of(
              "longest queue in a server",
              "requests",
              SimulationResult::mostWaitingInServer,
              Kind.COUNT,
              Better.LESS),
          of(
              "preemptions",
              "in the servers",
              SimulationResult::preemptions,
              Kind.COUNT,
              Better.LESS),
          of("open at the end", "requests", SimulationResult::open, Kind.COUNT, Better.NEITHER));

  private static <T> Column<T> of(
      String name, String hint, ToDoubleFunction<T> value, Kind kind, Better better) {
    return new Column<>(name, hint, value, kind, better);
  }

  String show(T of) {
    var shown = value.applyAsDouble(of);
    return switch (kind) {
      case COUNT -> Shown.count(shown);
      case MILLIS -> Shown.millis(shown);
      case PART -> Shown.percent(shown);
      case RATIO -> Shown.ratio(shown);
    };
  }

  /** The difference of {@code of} from {@code base}. */
  String difference(T of, T base) {
    var a = value.applyAsDouble(of);
    var b = value.applyAsDouble(base);
    return switch (kind) {
      case COUNT, MILLIS, RATIO -> Shown.relative(a, b);
      case PART -> Shown.points(a, b);
    };
  }

  /** Compares: above 0 if {@code of} is better than {@code base}, below 0 if worse, else 0. */
  int judge(T of, T base) {
    var a = value.applyAsDouble(of);
    var b = value.applyAsDouble(base);
    if (Double.isNaN(a) || Double.isNaN(b) || Math.abs(a - b) <= 0.02 * Math.abs(b)) {
      return 0;
    }
    return switch (better) {
      case MORE -> Double.compare(a, b);
      case LESS -> Double.compare(b, a);
      case NEITHER -> 0;
    };
  }
}
