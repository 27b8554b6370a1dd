// Random pipelines against a row-by-row oracle (row_oracle.hpp) on 1, 2, 3, 4 and 7 ranks: CMake runs this on each.
#include "dataframe/row_oracle.hpp"
#include "harness/job_main.hpp"

TEST(AnyRanks, PipelinesOfRandomOperationsGiveWhatARowByRowOracleGives) { ashlar::test::pipelines::expect_right(25); }

ASHLAR_JOB_MAIN()
