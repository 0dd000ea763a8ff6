package dev.sluice.simulation.experiments;

import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.simulation.pool.PoolModel;
import dev.sluice.simulation.pool.ServerModel;
import dev.sluice.simulation.run.Watch;
import dev.sluice.simulation.workload.Arrival;
import dev.sluice.simulation.workload.ArrivalProcess;
import dev.sluice.simulation.workload.Caller;
import dev.sluice.simulation.workload.Traffic;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Theorem G1. With any predictor, the service gap of two flows that stay backlogged is at most
 * {@code B_fg + B_gf + (P_f + N_f) / w_f + (P_g + N_g) / w_g}, where {@code B_fg = (chat_f + P_f) /
 * w_f + N_g / w_g}. For each flow, {@code chat} is the largest estimate. {@code P} is the largest
 * sum of underestimates over the running requests, and {@code N} the largest sum of overestimates.
 */
final class ServiceGapTheorem {
  private static final int TRACES = 200;
  private static final int SECONDS = 60;
  private static final long MIX = 0x9E3779B97F4A7C15L;

  private ServiceGapTheorem() {}

  static List<Figure> violations(Policy policy, long seed) {
    var violations = 0;
    for (var trace = 0; trace < TRACES; trace++) {
      violations += violates(policy, seed * TRACES + trace) ? 1 : 0;
    }
    return List.of(Figure.atMost("violations in " + TRACES + " traces", violations, 0));
  }

  private static boolean violates(Policy policy, long seed) {
    var random = new SplittableRandom(seed);
    var slots = new int[] {1, 4, 16}[random.nextInt(3)];
    var sigma = new double[] {0, 0.3, 1}[random.nextInt(3)];
    var flows = 2 + random.nextInt(5);
    var setup = new Setup(slots).predictor(Plugin.of("noisy", () -> new Noisy(sigma, seed)));
    var sources = new ArrayList<Traffic>();
    var books = new HashMap<String, Book>();
    var perSecond = slots / 0.9;
    for (var i = 0; i < flows; i++) {
      var weight = 1 << random.nextInt(3);
      var name = "f" + i;
      setup.weight(name, weight);
      books.put(name, new Book(weight));
      var shape = Runs.shape(10, 400, 1, 1 + random.nextInt(80));
      var rate = perSecond * (0.3 + random.nextDouble());
      sources.add(
          Traffic.of(
              Caller.of(name),
              random.nextBoolean()
                  ? new ArrivalProcess.Poisson(rate)
                  : new ArrivalProcess.OnOff(
                      2 * rate, 5 * Runs.SECOND, (1 + random.nextInt(10)) * Runs.SECOND),
              shape));
    }
    var gaps = new ArrayList<Pair>();
    for (var i = 0; i < flows; i++) {
      for (var j = i + 1; j < flows; j++) {
        var f = "f" + i;
        var g = "f" + j;
        var gap = new ServiceGap(f, weight(books, f), g, weight(books, g));
        gaps.add(new Pair(f, g, gap));
      }
    }
    var watches = new ArrayList<Watch>();
    gaps.forEach(pair -> watches.add(pair.gap));
    watches.add(new Books(books, sigma, seed));
    Runs.run(
        setup,
        policy,
        PoolModel.of(1, ServerModel.of(slots)),
        Runs.exact(Runs.workload(seed, SECONDS, sources)),
        SECONDS,
        seed,
        watches.toArray(Watch[]::new));
    for (var pair : gaps) {
      var f = book(books, pair.f);
      var g = book(books, pair.g);
      var bound =
          f.lead(g) + g.lead(f) + (f.under + f.over) / f.weight + (g.under + g.over) / g.weight;
      if (pair.gap.largest() > bound + 1) {
        return true;
      }
    }
    return false;
  }

  private record Pair(String f, String g, ServiceGap gap) {}

  private static double weight(Map<String, Book> books, String flow) {
    return book(books, flow).weight;
  }

  private static Book book(Map<String, Book> books, String flow) {
    var book = books.get(flow);
    if (book == null) {
      throw new IllegalStateException("no flow " + flow);
    }
    return book;
  }

  /** The quantities of a flow that the theorem needs. */
  private static final class Book {
    final double weight;
    double largestEstimate;
    double under;
    double over;
    double underNow;
    double overNow;

    Book(double weight) {
      this.weight = weight;
    }

    double lead(Book other) {
      return (largestEstimate + under) / weight + other.over / other.weight;
    }
  }

  private static final class Books implements Watch {
    private final Map<String, Book> books;
    private final double sigma;
    private final long seed;

    Books(Map<String, Book> books, double sigma, long seed) {
      this.books = books;
      this.sigma = sigma;
      this.seed = seed;
    }

    @Override
    public void dispatched(Arrival arrival, long nowNanos, long waitedNanos) {
      count(arrival, 1);
    }

    @Override
    public void ended(Arrival arrival, long nowNanos, boolean failed) {
      count(arrival, -1);
    }

    private void count(Arrival arrival, int sign) {
      var book = book(books, arrival.flow());
      var guess = guess(arrival.outputTokens(), arrival.atNanos(), sigma, seed);
      var estimate = arrival.inputTokens() + 2.0 * guess;
      var error = Costs.of(arrival) - estimate;
      book.largestEstimate = Math.max(book.largestEstimate, estimate);
      book.underNow += sign * Math.max(0, error);
      book.overNow += sign * Math.max(0, -error);
      book.under = Math.max(book.under, book.underNow);
      book.over = Math.max(book.over, book.overNow);
    }
  }

  /** Predicts the true length times a log-normal error that depends on the request alone. */
  private static long guess(long truth, long atNanos, double sigma, long seed) {
    var random = new SplittableRandom((atNanos ^ seed) * MIX);
    var radius = StrictMath.sqrt(-2 * StrictMath.log(1 - random.nextDouble()));
    var normal = radius * StrictMath.cos(2 * StrictMath.PI * random.nextDouble());
    return Math.round(truth * StrictMath.exp(sigma * normal));
  }

  private record Noisy(double sigma, long seed) implements OutputPredictor {
    @Override
    public long predict(FlowControlRequest request) {
      return guess(request.maxOutputTokens(), request.arrivedAtNanos(), sigma, seed);
    }

    @Override
    public void observe(FlowControlRequest request, long outputTokens) {}
  }
}
