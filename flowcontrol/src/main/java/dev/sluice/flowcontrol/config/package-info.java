/** The engine's configuration: immutable snapshots, validated when built. */
@NullMarked
package dev.sluice.flowcontrol.config;

import org.jspecify.annotations.NullMarked;
