package dev.sluice.simulation.experiments;

import static dev.sluice.simulation.experiments.Runs.SECOND;

import dev.sluice.simulation.pool.PoolModel;
import dev.sluice.simulation.pool.ServerModel;
import dev.sluice.simulation.run.ClientModel;
import dev.sluice.simulation.run.SimulationOptions;
import dev.sluice.simulation.run.Watch;
import dev.sluice.simulation.workload.Arrival;
import dev.sluice.simulation.workload.RequestShape;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * The experiments about the charges of requests whose cost is not known beforehand, or never. Two
 * equal tenants, A and B, ask for all of 4 slots. Their clients' limits are the lengths of the
 * answers, so that only prompts are estimated wrongly. Stateless.
 */
final class PricingSheet {
  private static final int SLOTS = 4;
  private static final int SECONDS = 120;
  private static final int WINDOW = 50;
  private static final double PER_SECOND = 20;

  /** What the default estimator takes an image for, and what this model's server counts. */
  private static final long ESTIMATED_IMAGE = 1_024;

  private static final long COUNTED_IMAGE = 256;

  /** Four bytes are estimated to be a token. Code has three bytes to a token, Chinese two. */
  private static final double CODE = 3 / 4.0;

  private static final double CHINESE = 2 / 4.0;

  /** The counted tokens of a prompt. All prompts are equal, so that equal tenants alternate. */
  private static final long PROMPT = 400;

  private PricingSheet() {}

  static List<Experiment> experiments() {
    return List.of(
        new Experiment(
            "E29",
            "Estimates that are steadily wrong cost nobody a share",
            List.of(Policy.SLUICE),
            PricingSheet::wrongEstimates),
        new Experiment(
            "E29b",
            "Leaving early is not free",
            List.of(Policy.SLUICE),
            PricingSheet::leavingEarly));
  }

  /**
   * A pair of tenants whose prompts are estimated wrongly.
   *
   * @param prompt the prompt tokens that the server counts
   * @param percent the part of A's prompts that hold an image
   * @param estimate what the engine is told
   */
  private record Mistake(String name, long prompt, int percent, ToLongFunction<Arrival> estimate) {

    boolean hasImage(Arrival arrival) {
      return isA(arrival) && arrival.atNanos() % 100 < percent;
    }
  }

  private static List<Mistake> mistakes() {
    var mistakes = new ArrayList<Mistake>();
    mistakes.add(new Mistake("1,000 for 5", 5, 0, a -> 1_000));
    mistakes.add(ofText("both 3x too high", 3, 3));
    mistakes.add(ofText("both 3x too low", 1 / 3.0, 1 / 3.0));
    mistakes.add(ofText("one 3x too high", 3, 1));
    mistakes.add(ofText("one 3x too low", 1 / 3.0, 1));
    mistakes.add(ofText("high beside low", 3, 1 / 3.0));
    mistakes.add(ofText("code beside Chinese", CODE, CHINESE));
    mistakes.add(ofText("code", CODE, 1));
    mistakes.add(ofText("Chinese", CHINESE, 1));
    for (var percent : new int[] {100, 50, 10}) {
      var images = " with images in " + percent + " %";
      mistakes.add(withImages("text" + images, 1, percent));
      mistakes.add(withImages("code" + images, CODE, percent));
      mistakes.add(withImages("Chinese" + images, CHINESE, percent));
    }
    return mistakes;
  }

  /** The tenants' prompts have so many estimated tokens for each counted one. */
  private static Mistake ofText(String name, double ofA, double ofB) {
    return new Mistake(name, PROMPT, 0, a -> Math.round(a.inputTokens() * (isA(a) ? ofA : ofB)));
  }

  /** Some of A's prompts consist of an image and text; B's are text that is estimated exactly. */
  private static Mistake withImages(String name, double ofText, int percent) {
    return new Mistake(
        name,
        PROMPT,
        percent,
        a -> {
          if (!isA(a)) {
            return a.inputTokens();
          }
          var image = a.atNanos() % 100 < percent ? 1 : 0;
          var text = a.inputTokens() - image * COUNTED_IMAGE;
          return Math.round(text * ofText) + image * ESTIMATED_IMAGE;
        });
  }

  private static boolean isA(Arrival arrival) {
    return arrival.flow().equals("A");
  }

  private static List<Figure> wrongEstimates(Policy policy, long seed) {
    var figures = new ArrayList<Figure>();
    for (var mistake : mistakes()) {
      var shares = new WindowShare("A", WINDOW);
      run(
          policy,
          seed,
          Runs.shape(mistake.prompt(), mistake.prompt(), 12, 12),
          new ClientModel() {
            @Override
            public long estimatedInputTokens(Arrival arrival) {
              return mistake.estimate().applyAsLong(arrival);
            }

            @Override
            public boolean hasMedia(Arrival arrival) {
              return mistake.hasImage(arrival);
            }
          },
          shares);
      figures.add(
          Figure.atMost(
              "share of any 50 requests, points off, " + mistake.name(), shares.worstPoints(), 2));
    }
    return figures;
  }

  /** B's clients go away after 60 % of the time that a request takes. */
  private static List<Figure> leavingEarly(Policy policy, long seed) {
    var shape = Runs.shape(200, 200, 50, 50);
    var patience = (long) (0.6 * (200 / 8_000.0 + 50 * 0.02) * SECOND);
    var beside = served(policy, seed, shape, -1);
    var besideLeavers = served(policy, seed, shape, patience);
    return List.of(
        Figure.atLeast(
            "A's requests served, % of those beside a tenant that stays",
            100.0 * besideLeavers / beside, 98));
  }

  private static long served(Policy policy, long seed, RequestShape shape, long patienceOfB) {
    var served = new long[1];
    run(
        policy,
        seed,
        shape,
        new ClientModel() {
          @Override
          public long patienceNanos(Arrival arrival) {
            return isA(arrival) ? -1 : patienceOfB;
          }
        },
        new Watch() {
          @Override
          public void ended(Arrival arrival, long nowNanos, boolean failed) {
            served[0] += isA(arrival) && !failed ? 1 : 0;
          }
        });
    return served[0];
  }

  private static void run(
      Policy policy, long seed, RequestShape shape, ClientModel clients, Watch watch) {
    var sources =
        List.of(Runs.traffic("A", PER_SECOND, shape), Runs.traffic("B", PER_SECOND, shape));
    Runs.run(
        new Setup(SLOTS),
        policy,
        PoolModel.of(1, ServerModel.of(SLOTS)),
        Runs.exact(Runs.workload(seed, SECONDS, sources)),
        SimulationOptions.of(Duration.ofSeconds(SECONDS), seed),
        clients,
        watch);
  }
}
