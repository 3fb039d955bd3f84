"""The claims of every order in Spark Structured Streaming: each micro-batch moves the claims that it touches.

python spark_streaming.py TOPICS REFERENCE BOTS OUTPUT

Beside TOPICS is a folder `parts` with the same lines in several files a topic, as Spark streams whole files.
"""

import shutil
import sys
from functools import reduce
from pathlib import Path

import spark_batch
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f
from spark_batch import IDENTITIES, SCHEMAS, claims, functions, reference

TITLE = "Spark, Structured Streaming"
LEFT_OUT = (
    "validation and rejects, redaction, money, refunds, credits; of repeats it keeps any; percent-encoded utm names; "
    "five micro-batches rather than a latency of seconds; landed events are read whole in each; an order's former "
    "claims stay until the end"
)
TOUCHED = """
select order_id from new_orders union select order_id from new_redemptions
union select order_id from landed_orders join new_clicks using (visitor_id)
"""
VISITORS = "select distinct visitor_id from landed_orders left semi join touched using (order_id)"


def main(topics: str, reference_folder: str, bots: str, output: str) -> None:
    spark = SparkSession.builder.master("local[*]").appName("claims").config("spark.sql.shuffle.partitions", 4)
    spark = spark.config("spark.sql.streaming.forceDeleteTempCheckpointLocation", "true").getOrCreate()
    spark.sparkContext.addPyFile(spark_batch.__file__)  # whose functions the workers call
    functions(spark, Path(bots).read_text())
    reference(spark, reference_folder)
    shutil.rmtree(output, ignore_errors=True)
    landed = Path(output, "_landed")

    def move(batch: DataFrame, number: int) -> None:
        """Lands the batch's events, then makes the claims of the orders anew that one of them touches."""
        batch.persist()
        for topic, schema in SCHEMAS.items():
            events = batch.where(f.col("topic") == topic).select(f.from_json("value", schema).alias("event"))
            events.select("event.*").write.mode("append").parquet(f"{landed}/{topic}/batch={number}")
            spark.read.parquet(f"{landed}/{topic}/batch={number}").createOrReplaceTempView(f"new_{topic}")
            spark.read.parquet(f"{landed}/{topic}").createOrReplaceTempView(f"landed_{topic}")
        batch.unpersist()
        spark.sql(TOUCHED).localCheckpoint().createOrReplaceTempView("touched")
        spark.sql(VISITORS).localCheckpoint().createOrReplaceTempView("visitors")
        for topic, key in {"clicks": "visitors", "orders": "touched", "redemptions": "touched"}.items():
            events = spark.table(f"landed_{topic}").join(spark.table(key), IDENTITIES[topic][1], "left_semi")
            events.dropDuplicates(IDENTITIES[topic]).localCheckpoint().createOrReplaceTempView(f"sent_{topic}")
        claims(spark).withColumn("batch", f.lit(number)).write.parquet(f"{output}/_batches/{number}")

    query = events_of(spark, Path(topics).with_name("parts")).writeStream.foreachBatch(move)
    query.trigger(availableNow=True).start().awaitTermination()
    found = spark.read.parquet(*map(str, Path(output, "_batches").iterdir()))
    latest = found.groupBy("order_id").agg(f.max("batch").alias("batch"))
    found.join(latest, ["order_id", "batch"]).drop("batch").write.parquet(f"{output}/latest")
    spark.stop()


def events_of(spark: SparkSession, parts: Path) -> DataFrame:
    """Every topic's lines, a file of each in a micro-batch."""
    streams = [
        spark.readStream.option("maxFilesPerTrigger", 1).text(f"{parts}/{topic}").withColumn("topic", f.lit(topic))
        for topic in SCHEMAS
    ]
    return reduce(DataFrame.union, streams)


if __name__ == "__main__":
    main(*sys.argv[1:])
