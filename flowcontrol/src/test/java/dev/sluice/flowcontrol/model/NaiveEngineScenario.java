package dev.sluice.flowcontrol.model;

import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.model.Command.Endpoint;
import dev.sluice.flowcontrol.model.Command.Offer;
import dev.sluice.flowcontrol.model.Command.Pool;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.Usage;
import java.util.ArrayList;
import java.util.List;

/**
 * The naive engine without the engine, for tests that compare its decisions with decisions worked
 * out by hand from the specification. They are needed because a twin that is wrong in the same way
 * as the engine would prove nothing. A token costs 1, and the output is predicted to be as long as
 * allowed.
 */
abstract class NaiveEngineScenario {

  static final Pool ONE = new Pool(List.of(Endpoint.of("e1")));

  Knobs knobs = Knobs.DEFAULT;

  NaiveEngine model() {
    return new NaiveEngine(
        knobs,
        0,
        new NaivePlugins(
            k -> new TokenCosts(), k -> new LimitIsTheGuess(), k -> Translation.bands(k).create()));
  }

  static List<List<String>> run(NaiveEngine model, Command... commands) {
    var steps = new ArrayList<List<String>>();
    for (var command : commands) {
      var request =
          Translation.request(
              command instanceof Offer o ? o : Offer.of(0, "unused", 0), model.state().now);
      steps.add(model.apply(command, request).stream().map(Decision::toString).toList());
    }
    return steps;
  }

  /** The decisions that the last of the commands leads to. */
  List<String> last(Command... commands) {
    var all = all(commands);
    return all.get(all.size() - 1);
  }

  List<List<String>> all(Command... commands) {
    return run(model(), commands);
  }

  static Offer offer(int number, String flow, int priority) {
    return Offer.of(number, flow, priority);
  }

  /** A token costs 1. */
  private static final class TokenCosts implements CostModel {
    @Override
    public long estimate(FlowControlRequest request, long inputTokens, long outputTokens) {
      return inputTokens + outputTokens;
    }

    @Override
    public long actual(Usage usage) {
      return usage.inputTokens() + usage.outputTokens();
    }
  }

  /** Every request is expected to generate all that it may. */
  private static final class LimitIsTheGuess implements OutputPredictor {
    @Override
    public long predict(FlowControlRequest request) {
      return request.maxOutputTokens();
    }

    @Override
    public void observe(FlowControlRequest request, long outputTokens) {}
  }
}
