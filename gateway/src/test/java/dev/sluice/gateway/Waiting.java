package dev.sluice.gateway;

import static org.awaitility.Awaitility.await;

import java.time.Duration;

/** Waits for what happens a moment after a client has its answer. */
final class Waiting {
  private Waiting() {}

  static void untilQuiet(GatewayUnderTest under) {
    await().atMost(Duration.ofSeconds(60)).until(under::isQuiet);
  }
}
