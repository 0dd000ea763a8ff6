package dev.sluice.flowcontrol.plugins.ordering;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.conformance.FakeItem;
import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.plugins.queues.HeapQueue;
import dev.sluice.flowcontrol.types.Cost;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A queue serves random requests in the order of each policy's formula, found by sorting. */
final class OrderingPropertyTest {
  private static final long SECOND = 1_000_000_000L;
  private static final Duration DEFAULT_SLO = Duration.ofSeconds(9);

  record Case(String name, IntraFlowDispatchPolicy policy, Function<FakeItem, BigInteger> formula) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        new Case("fcfs", new FirstComeFirstServed(), item -> BigInteger.ZERO),
        new Case(
            "edf", new EarliestDeadlineFirst(), item -> BigInteger.valueOf(item.deadlineNanos())),
        new Case(
            "edf-feasible",
            new FeasibleDeadlineFirst(new FeasibleDeadlineFirst.Parameters(DEFAULT_SLO, 8_000)),
            OrderingPropertyTest::feasible),
        new Case("slo-deadline", new SloDeadlineFirst(), OrderingPropertyTest::slo),
        new Case(
            "sjf-aged",
            new ShortestFirstAged(new ShortestFirstAged.Parameters(Duration.ofMillis(20))),
            item ->
                arrived(item)
                    .add(
                        BigInteger.valueOf(item.estimatedCost() / Cost.UNITS_PER_TOKEN)
                            .multiply(BigInteger.valueOf(20_000_000L)))));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void servesInTheOrderOfTheFormula(Case tested) {
    for (var seed = 0L; seed < 50; seed++) {
      var random = new Random(seed);
      var queue = new HeapQueue();
      var items = new ArrayList<FakeItem>();
      for (var i = 1; i <= 200; i++) {
        var item = item(random, i);
        item.orderingKey(tested.policy().orderingKey(item));
        items.add(item);
        queue.add(item);
      }
      items.sort(
          Comparator.<FakeItem, BigInteger>comparing(tested.formula())
              .thenComparingLong(FakeItem::sequence));

      var served = new ArrayList<Object>();
      for (var head = queue.head(); head != null; head = queue.head()) {
        served.add(head);
        queue.remove(head);
      }
      assertThat(served).as("seed %d", seed).isEqualTo(List.<Object>copyOf(items));
    }
  }

  private static FakeItem item(Random random, int sequence) {
    var enqueued = sequence * SECOND / 10;
    var request = FlowControlRequest.builder("r" + sequence, new FlowKey("f", 0));
    if (random.nextBoolean()) {
      request.arrivedAtNanos(enqueued - random.nextInt(1_000_000));
    }
    if (random.nextBoolean()) {
      request.sloTarget(Duration.ofMillis(random.nextInt(20_000)));
    }
    if (random.nextInt(3) == 0) {
      request.deadlineNanos(enqueued + random.nextInt(20) * SECOND);
    }
    return new FakeItem(
        request.build(),
        enqueued,
        random.nextBoolean() ? Long.MAX_VALUE : enqueued + random.nextInt(30) * SECOND,
        sequence,
        0,
        random.nextInt(2_000) * Cost.UNITS_PER_TOKEN);
  }

  private static BigInteger arrived(FakeItem item) {
    var arrived = item.request().arrivedAtNanos();
    return BigInteger.valueOf(
        arrived == FlowControlRequest.UNSET ? item.enqueuedAtNanos() : arrived);
  }

  private static BigInteger slo(FakeItem item) {
    var slo = item.request().sloNanos();
    return slo == FlowControlRequest.UNSET
        ? BigInteger.valueOf(Long.MAX_VALUE)
        : arrived(item).add(BigInteger.valueOf(slo));
  }

  private static BigInteger feasible(FakeItem item) {
    var deadline = item.request().deadlineNanos();
    var hasSlo = item.request().sloNanos() != FlowControlRequest.UNSET;
    if (deadline == FlowControlRequest.UNSET) {
      return hasSlo ? slo(item) : arrived(item).add(BigInteger.valueOf(DEFAULT_SLO.toNanos()));
    }
    return hasSlo ? slo(item).min(BigInteger.valueOf(deadline)) : BigInteger.valueOf(deadline);
  }
}
