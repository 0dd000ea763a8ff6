package dev.sluice.e2e;

/** The OpenAI SDK for Java, unmodified; it needs nothing installed. */
final class JavaSdkTest extends ClientContract {
  JavaSdkTest() {
    super(new JavaSdk());
  }
}
