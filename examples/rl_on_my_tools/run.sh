#!/usr/bin/env bash
# bash examples/rl_on_my_tools/run.sh
#
# From the repository's root: from an environment to a model trained by reinforcement, on a CPU. OUT, CONVERSATIONS,
# SFT_STEPS and RL_STEPS can be set in the environment; keys of the recipe (funreason.reward.mode=binary) stand behind the
# command.
set -euo pipefail

OUT=${OUT:-out/greenhouse}
CONVERSATIONS=${CONVERSATIONS:-200}
SFT_STEPS=${SFT_STEPS:-300}
RL_STEPS=${RL_STEPS:-20}
GREENHOUSE=examples/rl_on_my_tools/greenhouse.py:Greenhouse
export OMP_NUM_THREADS=1

say() { printf '\n==> %s\n' "$*"; }

say "The environment, as a model will see it"
python -m funreason_plugin.check env $GREENHOUSE

say "$CONVERSATIONS conversations, each replayable: rows for LLaMA-Factory and for verl"
python -m funreason_plugin.synthesize --env $GREENHOUSE --num "$CONVERSATIONS" --turns 1-2 --calls 1 --reasoning none \
  --teacher scripted --out "$OUT/data"

say "A random model of 0.4 million parameters, warmed by SFT: without it no rollout would be right, and none better"
python -m funreason_plugin.sft.tiny_model "$OUT/random"
llamafactory-cli train recipes/tiny/sft_rl.yaml model_name_or_path="$OUT/random" \
  dataset_dir="$OUT/data/llamafactory" max_steps="$SFT_STEPS" output_dir="$OUT/sft" overwrite_output_dir=true

WHERE=(
  data.train_files="$OUT/data/verl/train.parquet" data.val_files="$OUT/data/verl/val.parquet"
  actor_rollout_ref.model.path="$OUT/sft" data.max_prompt_length=640
  trainer.default_local_dir="$OUT/grpo" trainer.total_training_steps="$RL_STEPS" trainer.save_freq="$RL_STEPS"
  "$@"
)

say "Before RL: recipe, rows, lengths, and the plugin in a Ray worker"
python -m funreason_plugin.check rl "$OUT/data" recipes/tiny/grpo.yaml "${WHERE[@]}"

say "GRPO with stock verl, $RL_STEPS steps; the same command goes on where it stopped"
python -m verl.trainer.main_ppo --config-dir recipes/tiny --config-name grpo "${WHERE[@]}"

say "What was played, and what it was worth"
python -m funreason_plugin.rl.show_run "$OUT/grpo"
python examples/rl_on_my_tools/show_rollouts.py "$OUT/grpo/rollouts"

say "The trained model as a folder of Hugging Face's"
python -m verl.model_merger merge --backend fsdp --local_dir "$OUT/grpo/global_step_$RL_STEPS/actor" \
  --target_dir "$OUT/trained"
