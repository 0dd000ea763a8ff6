package dev.sluice.endpoints.scheduling;

import java.util.Map;
import java.util.Set;

/** An endpoint with made-up numbers, for tests of filters, scorers and pickers. */
final class FixedCandidate implements Candidate {
  private final String id;
  Map<String, String> labels = Map.of();
  String address = "127.0.0.1:8000";
  int own;
  long ownPromptTokens;
  int foreign;
  int waiting;
  int running;
  double kv;
  long kvCapacityTokens;
  long sampleAgeNanos;
  int maxAdapters;
  Set<String> runningAdapters = Set.of();
  Set<String> waitingAdapters = Set.of();
  double weight = 1;

  FixedCandidate(String id) {
    this.id = id;
  }

  /** An endpoint with requests of ours and of others. */
  static FixedCandidate of(String id, int own, int foreign, double weight) {
    var made = new FixedCandidate(id);
    made.own = own;
    made.foreign = foreign;
    made.weight = weight;
    return made;
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public String address() {
    return address;
  }

  @Override
  public Map<String, String> labels() {
    return labels;
  }

  @Override
  public int ownRequests() {
    return own;
  }

  @Override
  public long ownPromptTokens() {
    return ownPromptTokens;
  }

  @Override
  public int foreignRequests() {
    return foreign;
  }

  @Override
  public int waitingRequests() {
    return waiting;
  }

  @Override
  public int runningRequests() {
    return running;
  }

  @Override
  public double kvUtilization() {
    return kv;
  }

  @Override
  public long kvCapacityTokens() {
    return kvCapacityTokens;
  }

  @Override
  public long sampleAgeNanos() {
    return sampleAgeNanos;
  }

  @Override
  public int maxAdapters() {
    return maxAdapters;
  }

  @Override
  public Set<String> runningAdapters() {
    return runningAdapters;
  }

  @Override
  public Set<String> waitingAdapters() {
    return waitingAdapters;
  }

  @Override
  public double capacityWeight() {
    return weight;
  }
}
