package dev.sluice.flowcontrol.plugins.detectors;

import static dev.sluice.flowcontrol.plugins.detectors.LedgerFixture.learning;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.PriorityQueue;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is learned of an endpoint that shows nothing but the ends of its requests. */
final class ThroughputTest {
  private static final long MS = 1_000_000L;

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 2", "4, 3", "8, 4", "16, 5", "64, 6", "256, 7"})
  void findsWhatTheEndpointServes(int slots, int seed) {
    var server = new Server(slots, seed);

    server.keptFullFor(4_000);
    var from = server.nowNanos;
    server.heldNanos = 0;
    server.keptFullFor(4_000);

    var mean = server.heldNanos / (double) (server.nowNanos - from);
    assertThat(mean).isBetween(0.9 * slots, 1.6 * slots + 1);
  }

  @Test
  void learnsNothingWhileItDoesNotBind() {
    var throughput = new Throughput(learning(8));

    for (var i = 1; i <= 1_000; i++) {
      throughput.ended(7, i * MS);
    }

    assertThat(throughput.given()).isEqualTo(8);
  }

  /** A server that runs so many requests, 0.4 to 1.2 s each, and always has as many as it may. */
  private static final class Server {
    private final Throughput throughput = new Throughput(learning(8));
    private final PriorityQueue<Long> ends = new PriorityQueue<>();
    private final Random random;
    private final int slots;
    private long nowNanos;
    private long inFlight;
    private double heldNanos;

    Server(int slots, long seed) {
      this.slots = slots;
      random = new Random(seed);
    }

    void keptFullFor(int requestsOfEachSlot) {
      for (var i = 0; i < requestsOfEachSlot * Math.min(slots, 16); i++) {
        inFlight = Math.max(inFlight, throughput.given());
        while (ends.size() < Math.min(slots, inFlight)) {
          ends.add(nowNanos + (400 + random.nextInt(800)) * MS);
        }
        var end = ends.remove();
        heldNanos += (double) inFlight * (end - nowNanos);
        nowNanos = end;
        throughput.ended(inFlight, nowNanos);
        inFlight--;
      }
    }
  }
}
