package dev.sluice.serving.attempts;

import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.Usage;
import java.util.ArrayList;
import java.util.List;

/** A permit that writes down its calls. */
final class RecordedPermit implements Permit {
  final List<String> calls = new ArrayList<>();

  @Override
  public void bind(String endpointId) {
    calls.add("bind " + endpointId);
  }

  @Override
  public void progress(Usage soFar) {
    calls.add("progress " + soFar.outputTokens());
  }

  @Override
  public void complete(Usage usage) {
    calls.add("complete " + usage.outputTokens());
  }

  @Override
  public void fail() {
    calls.add("fail");
  }

  @Override
  public void close() {
    calls.add("close");
  }
}
