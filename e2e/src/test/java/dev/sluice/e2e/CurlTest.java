package dev.sluice.e2e;

import org.junit.jupiter.api.Tag;

/** Tests the gateway with curl, as a script would use it. */
@Tag("e2e")
final class CurlTest extends ClientContract {
  CurlTest() {
    super(new Curl());
  }
}
