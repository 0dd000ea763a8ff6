package dev.sluice.flowcontrol.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.registry.FlowRegistry;
import dev.sluice.flowcontrol.testing.NoShell;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares the lists and the heap with a list of times that is searched. */
final class DeadlinesTest {
  private static final int OPERATIONS = 20_000;

  /** The clock overflows while the test runs. */
  private static final long START = Long.MAX_VALUE - 1_000;

  private final FlowRegistry registry =
      new FlowRegistry(
          FlowControlConfig.defaults(), (plugin, cause) -> {}, added -> {}, retired -> {}, START);
  private final Deadlines deadlines = new Deadlines(START, DeadlinesTest::due);
  private final Map<QueuedRequest, Long> model = new HashMap<>();
  private long now = START;
  private long lastSequence;

  @ParameterizedTest
  @CsvSource({"1, 2", "2, 16", "3, 17", "4, 100"}) // kinds of patience: few, and too many to list
  void behavesLikeASearchedList(long seed, int kinds) {
    var random = new Random(seed);
    for (var i = 0; i < OPERATIONS; i++) {
      var where = "seed " + seed + ", step " + i;
      now += random.nextInt(3);
      var what = random.nextInt(100);
      var growing = i / 2_000 % 2 == 0;
      if (model.isEmpty() || what < (growing ? 55 : 35)) {
        add(random, kinds);
      } else if (what < 95) {
        remove(random.nextBoolean() ? first() : any(random));
      } else {
        postponeFirst(random);
      }
      assertThat(deadlines.size()).as(where).isEqualTo(timed());
      var first = deadlines.first();
      assertThat(first).as(where).isSameAs(timed() == 0 ? null : first());
      if (first != null) {
        assertThat(deadlines.nanos(first)).as(where).isEqualTo(model.get(first));
      }
    }
    deadlines.checkInvariants();
  }

  private void add(Random random, int kinds) {
    var kind = random.nextInt(kinds + 1);
    var ttl = kind == 0 ? QueuedRequest.NEVER : 10L * kind;
    var builder = FlowControlRequest.builder("r", new FlowKey("tenant", 0));
    if (random.nextInt(4) == 0) {
      builder.deadlineNanos(now + 1 + random.nextInt(500));
    }
    var pending = PendingRequest.of(new NoShell(), builder.build(), admission -> {});
    pending.assign(Objects.requireNonNull(registry.queueFor(pending.request(), now)));
    pending.price(0, 1);
    var patience = deadlines.patience(ttl, QueuedRequest.NEVER);
    var request = new QueuedRequest(pending, ++lastSequence, now, patience);
    deadlines.add(request);
    model.put(request, request.deadlineNanos());
  }

  private void remove(QueuedRequest request) {
    deadlines.remove(request);
    deadlines.remove(request); // which changes nothing
    model.remove(request);
  }

  /** Only times in the heap may be too early. */
  private void postponeFirst(Random random) {
    var first = deadlines.first();
    if (first != null && first.hasOwnDeadline()) {
      var later = deadlines.nanos(first) + random.nextInt(50);
      deadlines.postpone(first, later);
      model.put(first, later);
    }
  }

  private long timed() {
    return model.values().stream().filter(nanos -> nanos != QueuedRequest.NEVER).count();
  }

  private QueuedRequest any(Random random) {
    List<QueuedRequest> all = new ArrayList<>(model.keySet());
    all.sort(Comparator.comparingLong(QueuedRequest::sequence));
    return all.get(random.nextInt(all.size()));
  }

  private QueuedRequest first() {
    return model.keySet().stream()
        .min(
            Comparator.<QueuedRequest>comparingLong(
                    request -> sinceStart(model.getOrDefault(request, START)))
                .thenComparingLong(QueuedRequest::sequence))
        .orElseThrow();
  }

  private static long sinceStart(long nanos) {
    return nanos == QueuedRequest.NEVER ? Long.MAX_VALUE : nanos - START;
  }

  private static long due(QueuedRequest request) {
    return request.enqueuedAtNanos() + request.patience().ttlNanos();
  }
}
