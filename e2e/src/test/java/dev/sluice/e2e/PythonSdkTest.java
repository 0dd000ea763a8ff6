package dev.sluice.e2e;

import java.util.List;
import org.junit.jupiter.api.Tag;

/** Tests the gateway with the unmodified OpenAI SDK for Python. */
@Tag("e2e")
final class PythonSdkTest extends ClientContract {
  PythonSdkTest() {
    super(
        new ProgramClient(
            ProgramClient.INSTALLED.resolve("python"),
            List.of(
                ProgramClient.INSTALLED.resolve("python/bin/python").toString(),
                ProgramClient.PROGRAMS.resolve("client.py").toString())));
  }
}
