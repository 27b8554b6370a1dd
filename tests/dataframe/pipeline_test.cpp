// Random pipelines against a row-by-row oracle (row_oracle.hpp), here: graphs run task by task, results through bytes.
#include "counting_evaluator.hpp"
#include "row_oracle.hpp"

TEST(Pipelines, OfRandomOperationsGiveWhatARowByRowOracleGives) {
  ashlar::test::CountingEvaluator evaluator;
  ashlar::Evaluator::Guard guard{&evaluator};
  ashlar::test::pipelines::expect_right(120);
}
