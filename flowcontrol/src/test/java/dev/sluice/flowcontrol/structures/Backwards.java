package dev.sluice.flowcontrol.structures;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Lists in the opposite order. */
final class Backwards {

  private Backwards() {}

  static <T> List<T> of(List<T> list) {
    var reversed = new ArrayList<>(list);
    Collections.reverse(reversed);
    return reversed;
  }
}
