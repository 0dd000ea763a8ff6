package dev.sluice.e2e;

/** Tests the gateway with the unmodified OpenAI SDK for Java, which needs nothing installed. */
final class JavaSdkTest extends ClientContract {
  JavaSdkTest() {
    super(new JavaSdk());
  }
}
