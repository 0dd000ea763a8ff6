package dev.sluice.flowcontrol.model;

import dev.sluice.flowcontrol.contracts.RegistryView;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;

/** The engine and its naive twin side by side: both get the same commands and must not differ. */
final class Comparison implements AutoCloseable {

  /** The engine and its twin differ, or the engine contradicts itself. */
  static final class Difference extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String text;

    Difference(String text) {
      super(text);
      this.text = text;
    }

    String text() {
      return text;
    }
  }

  private final FakeClock clock;
  private final NaiveEngine model;
  private final EngineUnderTest engine;

  Comparison(Knobs knobs, long startNanos) {
    clock = new FakeClock(startNanos);
    model = new NaiveEngine(knobs, startNanos, NaivePlugins.ofEngine());
    engine = new EngineUnderTest(knobs, clock);
  }

  /** Runs a list of commands from the beginning. */
  static void replay(Knobs knobs, long startNanos, List<Command> commands) {
    try (var both = new Comparison(knobs, startNanos)) {
      commands.forEach(both::apply);
      both.finish();
    }
  }

  NaiveEngine model() {
    return model;
  }

  /** Carries out one command on both. */
  void apply(Command command) {
    var request =
        Translation.request(
            command instanceof Command.Offer o ? o : Command.Offer.of(0, "unused", 0),
            clock.nanoTime());
    var expected = model.apply(command, request);
    var actual = engine.apply(command, request);
    compare(command, expected, actual);
  }

  /** Returns every permit, shuts both down, and looks for leftovers. */
  void finish() {
    for (var request : List.copyOf(model.running())) {
      apply(new Command.Close(request.number()));
    }
    apply(new Command.Shutdown(0));
    for (var request : List.copyOf(model.running())) {
      apply(new Command.Close(request.number()));
    }
    if (!engine.isDrained()) {
      throw new Difference("empty after shutdown, but does not say so");
    }
    engine.close();
    if (clock.armedAlarms() != 0) {
      throw new Difference("closed and empty, but " + clock.armedAlarms() + " alarms are set");
    }
  }

  @Override
  public void close() {
    engine.close();
  }

  private void compare(Command command, List<Decision> expected, List<Decision> actual) {
    var problems = new ArrayList<String>();
    if (!sameDecisions(expected, actual)) {
      problems.add("decisions: expected " + expected + "\n           but was  " + actual);
    }
    problems.addAll(engine.faults());
    problems.addAll(differences(engine.view()));
    if (!problems.isEmpty()) {
      throw new Difference("at " + command + "\n  " + String.join("\n  ", problems));
    }
  }

  /** The same decisions; their order matters only among dispatches and displacements. */
  private static boolean sameDecisions(List<Decision> expected, List<Decision> actual) {
    return sorted(expected).equals(sorted(actual)) && ordered(expected).equals(ordered(actual));
  }

  private static List<Decision> sorted(List<Decision> decisions) {
    return decisions.stream()
        .sorted(
            Comparator.comparingInt(Decision::number)
                .thenComparing(Decision::kind)
                .thenComparing(Decision::reason))
        .toList();
  }

  private static List<Decision> ordered(List<Decision> decisions) {
    return decisions.stream()
        .filter(d -> d.kind() == Decision.Kind.DISPATCHED || d.reason().equals("DISPLACED"))
        .toList();
  }

  private List<String> differences(RegistryView view) {
    var differences = new ArrayList<String>();
    var queued = model.queued();
    var knobs = model.state().knobs;
    expect(differences, "queued requests", queued.size(), view.queuedRequests());
    expect(differences, "queued bytes", NaiveState.bytes(queued), view.queuedBytes());
    expect(differences, "running", model.running().size(), view.runningRequests());
    expect(differences, "maxRequests", knobs.maxRequests(), view.maxRequests());
    expect(differences, "maxBytes", knobs.maxBytes(), view.maxBytes());
    var healthy = model.state().pool.stream().anyMatch(Command.Endpoint::healthy);
    if (view.hasEndpoints() != healthy) {
      differences.add("hasEndpoints: expected " + healthy);
    }
    var bands = view.bands().stream().map(RegistryView.Band::priority).toList();
    if (!bands.equals(model.bands())) {
      differences.add("bands: expected " + model.bands() + ", but was " + bands);
    }
    var flows = new HashSet<FlowKey>();
    for (var band : view.bands()) {
      var of = queued.stream().filter(r -> r.priority() == band.priority()).toList();
      var name = "band " + band.priority();
      expect(differences, name + " requests", of.size(), band.queuedRequests());
      expect(differences, name + " bytes", NaiveState.bytes(of), band.queuedBytes());
      var limits = knobs.band(band.priority());
      expect(differences, name + " maxRequests", limits.maxRequests(), band.maxRequests());
      expect(differences, name + " maxBytes", limits.maxBytes(), band.maxBytes());
      for (var flow : band.flows()) {
        flows.add(flow.key());
        differences(differences, flow);
      }
    }
    if (!flows.equals(model.flows())) {
      differences.add("flows: expected " + model.flows() + ", but was " + flows);
    }
    return differences;
  }

  private void differences(List<String> differences, RegistryView.Flow flow) {
    var name = "flow " + flow.key();
    var of = model.queued().stream().filter(r -> r.flow.equals(flow.key())).toList();
    var running = model.running().stream().filter(r -> r.flow.equals(flow.key())).count();
    expect(differences, name + " requests", of.size(), flow.queuedRequests());
    expect(differences, name + " bytes", NaiveState.bytes(of), flow.queuedBytes());
    expect(differences, name + " running", running, flow.runningRequests());
    var wait = model.headWaitNanos(flow.key());
    expect(differences, name + " head's wait", wait, flow.headWaitNanos());
  }

  private static void expect(List<String> differences, String what, long expected, long actual) {
    if (expected != actual) {
      differences.add(what + ": expected " + expected + ", but was " + actual);
    }
  }
}
