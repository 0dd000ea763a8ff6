/**
 * The engine's configuration: immutable snapshots, validated when built, for any thread. Builders
 * are not thread-safe.
 */
@NullMarked
package dev.sluice.flowcontrol.config;

import org.jspecify.annotations.NullMarked;
