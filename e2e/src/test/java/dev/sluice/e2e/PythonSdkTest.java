package dev.sluice.e2e;

import java.util.List;
import org.junit.jupiter.api.Tag;

/** The OpenAI SDK for Python, unmodified. */
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
