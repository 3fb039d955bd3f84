"""The lake as Spark reads it, with Delta's own connector.

python spark.py LAKE QUERIES, a JSON document of the texts by name; the answers are printed as another.
"""

import json
import sys
from pathlib import Path

from pyspark.sql import SparkSession

TITLE = "Spark 4.2 with Delta's connector 4.4"
LEFT_OUT = ""
JARS = Path(sys.prefix) / "jars"


def main() -> None:
    lake, queries = Path(sys.argv[1]), json.loads(sys.argv[2])
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.jars", ",".join(map(str, sorted(JARS.glob("delta-*.jar")))))
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.databricks.delta.snapshotPartitions", "2")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    for table in sorted(path.name for path in lake.iterdir() if path.is_dir()):
        spark.read.format("delta").load(str(lake / table)).createOrReplaceTempView(table)
    print(json.dumps({name: [list(row) for row in spark.sql(text).collect()] for name, text in queries.items()}))


if __name__ == "__main__":
    main()
