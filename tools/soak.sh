#!/usr/bin/env bash
# The long forms of tests that tools/test.sh runs short. Needs a build (tools/test.sh).
#
#   tools/soak.sh [SEED]
#
# SEED moves the random moments; without it, the clock does, and the seed is printed.
set -euo pipefail
cd "$(dirname "$0")/.."

export VIV_SEED="${1:-$(date +%s)}"
echo "seed $VIV_SEED"

# A training run that is killed a hundred times, with one thread and with two.
for threads in 1 2; do
  VIV_KILLS=100 VIV_THREADS=$threads build/bin/system_tests --gtest_filter='*KillResume*'
done

# Random graphs on the executor, against an interpreter and against differences.
VIV_GRAPHS=20000 build/bin/core_tests --gtest_filter='RandomGraph*'

# Savings that are killed, and graph files from strangers.
VIV_KILLS=500 build/bin/core_tests --gtest_filter='CheckpointKill*'
VIV_FUZZ_ROUNDS=200000 build/bin/core_tests --gtest_filter='StrangerGraph*'

# What threads may get in the way of, again and again in another order: pipelines and their
# positions, sessions, training that is resumed.
build/bin/train_tests --gtest_repeat=50 --gtest_shuffle --gtest_random_seed=$((VIV_SEED % 99999)) \
  --gtest_filter='Dataset*:Trainer*:SparseUpdates*' --gtest_brief=1
build/bin/core_tests --gtest_repeat=50 --gtest_shuffle --gtest_random_seed=$((VIV_SEED % 99999)) \
  --gtest_filter='Session*:*Concurrent*:Placement*' --gtest_brief=1

# Photos, good and bad, through training's pipeline: what the process holds does not grow.
VIV_PHOTOS=10000 build/bin/vision_tests --gtest_filter='PhotoMemory*' --gtest_brief=1
