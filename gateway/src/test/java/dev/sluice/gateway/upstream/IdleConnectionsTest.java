package dev.sluice.gateway.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** Which idle connections are used again, and which are closed. */
final class IdleConnectionsTest {
  private final IdleConnections idle = new IdleConnections();

  /** A connection that just became idle, and its channel. */
  private record Idle(EndpointConnection connection, EmbeddedChannel channel) {
    void closedByEndpoint() {
      channel.close().syncUninterruptibly();
    }
  }

  private Idle newIdle() {
    var channel = new EmbeddedChannel();
    channel.pipeline().addLast("handler", new ChannelInboundHandlerAdapter());
    var connection = new EndpointConnection(idle, "host", TimeUnit.HOURS.toNanos(1));
    connection.enter(channel.pipeline(), "handler");
    connection.becomeIdle();
    return new Idle(connection, channel);
  }

  private static long after(long seconds) {
    return System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
  }

  @Test
  void usesTheConnectionUsedLastFirstAndNoneTwice() {
    var first = newIdle();
    var second = newIdle();

    assertThat(idle.take(after(1))).isSameAs(second.connection());
    assertThat(idle.take(after(1))).isSameAs(first.connection());
    assertThat(idle.take(after(1))).isNull();
  }

  @Test
  void usesNoConnectionThatAnOrdinaryEndpointMayBeClosing() {
    newIdle();

    assertThat(idle.take(after(5))).isNull();
    assertThat(idle.take(after(3))).isNotNull();
  }

  @Test
  void closesOldConnectionsExceptTheOldest() {
    var oldest = newIdle();
    var other = newIdle();

    idle.sweep(after(5));

    assertThat(other.channel().isOpen()).isFalse();
    assertThat(oldest.channel().isOpen()).isTrue();
  }

  @Test
  void usesOldConnectionsOnceTheEndpointWasSeenToAllowThem() {
    newIdle();
    idle.sweep(after(50));
    var other = newIdle();

    assertThat(idle.take(after(39))).isSameAs(other.connection());
  }

  @Test
  void closesTheOldestTooAfterAMinute() {
    var oldest = newIdle();

    idle.sweep(after(60));

    assertThat(oldest.channel().isOpen()).isFalse();
  }

  @Test
  void believesAnEndpointThatClosesEarly() {
    newIdle().closedByEndpoint(); // at once
    var next = newIdle();

    assertThat(idle.take(after(1))).isNull();
    idle.sweep(after(3));
    assertThat(idle.take(after(2))).isSameAs(next.connection());
  }

  @Test
  void learnsNothingFromAConnectionThatTheGatewayCloses() {
    var open = newIdle();
    newIdle().connection().close();

    assertThat(idle.take(after(3))).isSameAs(open.connection());
  }

  /** If an endpoint closes at a fixed age, no connection of that age is used. */
  @RepeatedTest(50)
  void staysBelowTheIdleTimeThatTheEndpointAllows() {
    var seed = new Random().nextLong();
    var random = new Random(seed);
    var tolerance = new IdleTolerance();
    var allows = TimeUnit.MILLISECONDS.toNanos(random.nextLong(5_000, 120_000));

    for (var i = 0; i < 200; i++) {
      if (random.nextInt(4) == 0) {
        tolerance.sawClosed(
            random.nextBoolean() ? allows : random.nextLong(allows)); // or it restarts
      } else {
        tolerance.sawOpen(random.nextLong(allows));
      }
      assertThat(tolerance.usableNanos()).as("seed %d, step %d", seed, i).isLessThan(allows);
    }
    tolerance.sawOpen(allows - 1);
    assertThat(tolerance.usableNanos()).as("seed %d", seed).isGreaterThan(allows / 5 * 4 - 10);
  }
}
