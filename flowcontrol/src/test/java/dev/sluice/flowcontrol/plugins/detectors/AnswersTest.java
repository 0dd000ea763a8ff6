package dev.sluice.flowcontrol.plugins.detectors;

import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.ANY;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.MS;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.NOW;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.SECOND;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.learning;
import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.newGate;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.conformance.FakeRunning;
import dev.sluice.flowcontrol.contracts.CapacityGate;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the ledger learns of an endpoint without metrics from its answers. */
final class AnswersTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 16, 64})
  void findsTheLimitOfAnEndpointThatStreamsItsAnswers(int slots) {
    var server = new StreamingServer(slots, true);

    server.keptFullFor(30 * SECOND);
    server.mostHeld = 0;
    server.keptFullFor(10 * SECOND);

    assertThat(server.mostHeld).isBetween(slots, slots + 1 + slots / 8);
  }

  @Test
  void doesNotFloodAnEndpointAtItsStart() {
    var server = new StreamingServer(4, true);

    server.keptFullFor(10 * SECOND);

    assertThat(server.mostHeld).isEqualTo(8);
  }

  /** A request that ends at once with an error says nothing of how many the endpoint can serve. */
  @ParameterizedTest
  @CsvSource({"4, true", "16, true", "4, false", "16, false"})
  void anEndpointThatFailsAtOnceKeepsItsLimit(int slots, boolean streams) {
    var server = new StreamingServer(slots, streams);
    server.keptFullFor(30 * SECOND);
    server.mostHeld = 0;
    server.keptFullFor(10 * SECOND);
    var before = server.mostHeld;

    server.failsAllFor(10 * SECOND);
    server.mostHeld = 0;
    server.keptFullFor(SECOND);

    assertThat(server.mostHeld).isBetween(before - before / 8, before + before / 8);
  }

  /** A server that takes 30 ms for a prompt of 100 tokens and then 0.3 to 0.7 s for the answer. */
  private static final class StreamingServer {
    private final Random random = new Random(1);
    private final CapacityGate gate = newGate(learning(8));
    private final int slots;
    private final boolean tellsFirstToken;
    private final ArrayDeque<FakeRunning> waiting = new ArrayDeque<>();
    private final List<Running> running = new ArrayList<>();
    private long now = NOW;
    private int mostHeld;

    private record Running(FakeRunning request, long firstTokenAt, long endsAt) {}

    StreamingServer(int slots, boolean tellsFirstToken) {
      this.slots = slots;
      this.tellsFirstToken = tellsFirstToken;
      gate.poolChanged(PoolSnapshot.of("a"), now);
    }

    /** Answers ten requests in each millisecond with an error, and serves none. */
    void failsAllFor(long nanos) {
      for (var request : waiting) {
        gate.returned(request, false);
      }
      waiting.clear();
      running.forEach(each -> gate.returned(each.request, false));
      running.clear();
      for (var end = now + nanos; now < end; now += MS) {
        for (var i = 0; i < 10 && gate.saturation(ANY, now) < 1.0; i++) {
          var request = new FakeRunning(ANY, now, 100, 50);
          gate.granted(request);
          gate.bound(request, request.bind("a"));
          gate.returned(request, false);
        }
      }
    }

    void keptFullFor(long nanos) {
      for (var end = now + nanos; now < end; now += MS) {
        for (var each : List.copyOf(running)) {
          if (now == each.firstTokenAt && tellsFirstToken) {
            gate.progressed(each.request, now);
          }
          if (now == each.endsAt) {
            running.remove(each);
            gate.returned(each.request);
          }
        }
        while (gate.saturation(ANY, now) < 1.0) {
          var request = new FakeRunning(ANY, now, 100, 50);
          gate.granted(request);
          gate.bound(request, request.bind("a"));
          waiting.add(request);
        }
        while (running.size() < slots && !waiting.isEmpty()) {
          var first = now + 30 * MS;
          running.add(
              new Running(waiting.remove(), first, first + (300 + random.nextInt(400)) * MS));
        }
        mostHeld = Math.max(mostHeld, running.size() + waiting.size());
      }
    }
  }
}
