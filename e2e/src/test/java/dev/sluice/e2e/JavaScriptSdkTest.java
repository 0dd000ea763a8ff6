package dev.sluice.e2e;

import java.util.List;
import org.junit.jupiter.api.Tag;

/** Tests the gateway with the unmodified OpenAI SDK for JavaScript. */
@Tag("e2e")
final class JavaScriptSdkTest extends ClientContract {
  JavaScriptSdkTest() {
    super(
        new ProgramClient(
            ProgramClient.INSTALLED.resolve("node"),
            List.of(
                ProgramClient.INSTALLED.resolve("node/bin/node").toString(),
                ProgramClient.PROGRAMS.resolve("client.mjs").toString())));
  }
}
