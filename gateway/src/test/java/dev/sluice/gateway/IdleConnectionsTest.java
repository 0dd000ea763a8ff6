package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

final class IdleConnectionsTest {
  private final IdleConnections idle = new IdleConnections();

  /** A connection that just came to rest, and the endpoint's end of it. */
  private record Resting(EndpointConnection connection, EmbeddedChannel channel) {
    void closedByEndpoint() {
      channel.close().syncUninterruptibly();
    }
  }

  private Resting rest() {
    var channel = new EmbeddedChannel();
    channel.pipeline().addLast("handler", new ChannelInboundHandlerAdapter());
    var connection = new EndpointConnection(idle, "host", TimeUnit.HOURS.toNanos(1));
    connection.enter(channel.pipeline(), "handler");
    connection.rest();
    return new Resting(connection, channel);
  }

  private static long after(long seconds) {
    return System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
  }

  @Test
  void usesTheOneUsedLastFirstAndNoneTwice() {
    var first = rest();
    var second = rest();

    assertThat(idle.take(after(1))).isSameAs(second.connection());
    assertThat(idle.take(after(1))).isSameAs(first.connection());
    assertThat(idle.take(after(1))).isNull();
  }

  @Test
  void usesNoneThatAnEndpointOfTheUsualKindMayBeClosing() {
    rest();

    assertThat(idle.take(after(5))).isNull();
    assertThat(idle.take(after(3))).isNotNull();
  }

  @Test
  void closesWhatMayNotBeUsedButForTheOldest() {
    var oldest = rest();
    var other = rest();

    idle.sweep(after(5));

    assertThat(other.channel().isOpen()).isFalse();
    assertThat(oldest.channel().isOpen()).isTrue();
  }

  @Test
  void usesOldOnesOnceTheEndpointHasBorneThem() {
    rest();
    idle.sweep(after(50));
    var other = rest();

    assertThat(idle.take(after(39))).isSameAs(other.connection());
  }

  @Test
  void closesTheOldestTooAfterAMinute() {
    var oldest = rest();

    idle.sweep(after(60));

    assertThat(oldest.channel().isOpen()).isFalse();
  }

  @Test
  void believesAnEndpointThatClosesEarly() {
    rest().closedByEndpoint(); // at once
    var next = rest();

    assertThat(idle.take(after(1))).isNull();
    idle.sweep(after(3));
    assertThat(idle.take(after(2))).isSameAs(next.connection());
  }

  @Test
  void learnsNothingFromWhatIsClosedHereAndDoesNotUseIt() {
    var open = rest();
    rest().connection().close();

    assertThat(idle.take(after(3))).isSameAs(open.connection());
  }

  /** Whatever is seen of an endpoint that closes at a fixed age: nothing that old is used. */
  @RepeatedTest(50)
  void staysBelowWhatTheEndpointBears() {
    var seed = new Random().nextLong();
    var random = new Random(seed);
    var tolerance = new IdleTolerance();
    var bears = TimeUnit.MILLISECONDS.toNanos(random.nextLong(5_000, 120_000));

    for (var i = 0; i < 200; i++) {
      if (random.nextInt(4) == 0) {
        tolerance.sawClosed(
            random.nextBoolean() ? bears : random.nextLong(bears)); // or it restarts
      } else {
        tolerance.sawOpen(random.nextLong(bears));
      }
      assertThat(tolerance.usableNanos()).as("seed %d, step %d", seed, i).isLessThan(bears);
    }
    tolerance.sawOpen(bears - 1);
    assertThat(tolerance.usableNanos()).as("seed %d", seed).isGreaterThan(bears / 5 * 4 - 10);
  }
}
