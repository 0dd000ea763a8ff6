package dev.sluice.e2e;

import org.junit.jupiter.api.Tag;

/** curl, and what a script can see of an answer. */
@Tag("e2e")
final class CurlTest extends ClientContract {
  CurlTest() {
    super(new Curl());
  }
}
