-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)
--
-- Host: localhost    Database: ichat
-- ------------------------------------------------------
-- Server version	8.0.36

/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!50503 SET NAMES utf8mb4 */;
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;

--
-- Current Database: `ichat`
--

USE `ichat`;

--
-- Table structure for table `audit_blobs`
--

DROP TABLE IF EXISTS `audit_blobs`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!50503 SET character_set_client = utf8mb4 */;
CREATE TABLE `audit_blobs` (
  `id` bigint unsigned NOT NULL AUTO_INCREMENT,
  `data` longblob,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=52 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;
/*!40101 SET character_set_client = @saved_cs_client */;

--
-- Dumping data for table `audit_blobs`
--

LOCK TABLES `audit_blobs` WRITE;
/*!40000 ALTER TABLE `audit_blobs` DISABLE KEYS */;
INSERT INTO `audit_blobs` VALUES (1,_binary '\0\Z\'; INSERT INTO `users` VALUES (1)'),
(2,0xDEADBEEF);
/*!40000 ALTER TABLE `audit_blobs` ENABLE KEYS */;
UNLOCK TABLES;

--
-- Table structure for table `calls`
--

DROP TABLE IF EXISTS `calls`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!50503 SET character_set_client = utf8mb4 */;
CREATE TABLE `calls` (
  `call_id` bigint unsigned NOT NULL AUTO_INCREMENT,
  `caller_id` bigint unsigned NOT NULL,
  `message_id` bigint unsigned NOT NULL,
  `members` json DEFAULT NULL,
  `status` tinyint,
  `start_time` datetime(3) DEFAULT NULL,
  `end_time` datetime(3) DEFAULT NULL,
  `end_reason` tinyint,
  `created_at` datetime(3) DEFAULT NULL,
  `updated_at` datetime(3) DEFAULT N