/**
 * The configuration file: read strictly, every fault with its place, into records that hold the
 * defaults.
 */
@NullMarked
package dev.sluice.server.config;

import org.jspecify.annotations.NullMarked;
