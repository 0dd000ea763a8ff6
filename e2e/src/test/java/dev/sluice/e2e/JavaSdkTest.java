package dev.sluice.e2e;

import org.junit.jupiter.api.Tag;

/** The OpenAI SDK for Java, unmodified; it needs nothing installed. */
@Tag("e2e")
final class JavaSdkTest extends ClientContract {
  JavaSdkTest() {
    super(new JavaSdk());
  }
}
