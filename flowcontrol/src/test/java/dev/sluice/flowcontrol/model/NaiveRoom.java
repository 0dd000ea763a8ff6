package dev.sluice.flowcontrol.model;

/** The room in the pool, and the rules on the requests that may use it. */
final class NaiveRoom {
  private final NaiveState state;

  NaiveRoom(NaiveState state) {
    this.state = state;
  }

  /** True if the gate is open for the request and its tenant may run one more. */
  boolean mayGo(NaiveRequest request) {
    return isOpen(request.priority(), request.model(), false) && mayRun(request.tenant);
  }

  /**
   * True if a band's requests of a class have room below the band's ceiling. The ceiling of a
   * reserved turn is the full pool.
   */
  boolean isOpen(int priority, String model, boolean reservedTurn) {
    return saturation(model) < (reservedTurn ? 1.0 : ceiling(priority));
  }

  boolean mayRun(String tenant) {
    var limit = state.knobs.tenant(tenant).maxRunning();
    return limit == 0
        || state.running.stream().filter(r -> r.tenant.equals(tenant)).count() < limit;
  }

  /** The share of a class's capacity that is taken; NaN, which is below no ceiling, if unknown. */
  private double saturation(String model) {
    var serving = state.pool.stream().filter(e -> e.serves(model)).toList();
    if (serving.isEmpty()) {
      return 1.0;
    }
    var running = state.running.stream();
    var capacity = (double) serving.size() * state.knobs.maxConcurrency();
    return switch (state.knobs.detector()) {
      case CONCURRENCY -> running.filter(r -> occupies(r, model)).count() / capacity;
      case SCRIPTED ->
          serving.stream().allMatch(Command.Endpoint::known)
              ? running.filter(r -> r.model().equals(model)).count() / capacity
              : Double.NaN;
    };
  }

  /**
   * True if the request takes room of endpoints that serve the model: it is bound to such an
   * endpoint, or it is not bound yet and could go to one.
   */
  private boolean occupies(NaiveRequest request, String model) {
    return state.pool.stream()
        .filter(e -> e.serves(model))
        .anyMatch(e ->
            request.endpoint.isEmpty()
                ? e.serves(request.model())
                : e.id().equals(request.endpoint));
  }

  /** A band's ceiling is at most that of every higher band. */
  private double ceiling(int priority) {
    var lowest = Double.POSITIVE_INFINITY;
    for (var band : state.bands) {
      if (band >= priority) {
        lowest = Math.min(lowest, state.knobs.rawCeiling(band));
      }
    }
    return lowest;
  }
}
