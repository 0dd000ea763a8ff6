package dev.sluice.flowcontrol.reading;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class ChecksTest {

  @Test
  void namesEveryFaultInOneException() {
    var checks =
        new Checks()
            .that(false, "port", 70_000, "0 to 65535")
            .positive("count", 0)
            .positive("timeout", Duration.ZERO)
            .notNegative("limit", -1L)
            .notNegative("headroom", Double.NaN)
            .notNegative("ttl", Duration.ofNanos(-1))
            .within("shards", 65, 1, 64)
            .fraction("share", 1.5)
            .fault("bands: too many");

    assertThatThrownBy(checks::done)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            """
            port: got 70000, allowed 0 to 65535
            count: got 0, allowed > 0
            timeout: got PT0S, allowed > 0
            limit: got -1, allowed >= 0
            headroom: got NaN, allowed >= 0
            ttl: got PT-0.000000001S, allowed >= 0
            shards: got 65, allowed 1 to 64
            share: got 1.5, allowed above 0, at most 1
            bands: too many\
            """);
  }

  @Test
  void acceptsValuesAtTheirBounds() {
    var checks =
        new Checks()
            .positive("count", 1)
            .notNegative("limit", 0L)
            .notNegative("ttl", Duration.ZERO)
            .within("shards", 1, 1, 64)
            .within("shards", 64, 1, 64)
            .fraction("share", 1);

    assertThatCode(checks::done).doesNotThrowAnyException();
  }
}
