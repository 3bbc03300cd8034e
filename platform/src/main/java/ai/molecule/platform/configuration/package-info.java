/// What agents are configured with: `config.yaml`, prompts, skills.
@NullMarked
package ai.molecule.platform.configuration;

import org.jspecify.annotations.NullMarked;
